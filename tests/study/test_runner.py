"""The study in processes, stopped, killed and gone on with."""

from __future__ import annotations

import io
import signal
from pathlib import Path

import pytest

from tfvma.study.estimators import main
from tfvma.study.outcome import read_end, read_outcome
from tfvma.study.runner import Runner
from tfvma.study.tasks import runs_of
from tfvma.training.log import read_log

WORKER = "tests.study.tiny_task"


class SignalAt(io.StringIO):
    """A stream that sends a signal when it is told of something."""

    def __init__(self, text: str, number: signal.Signals):
        super().__init__()
        self._text = text
        self._number = number

    def write(self, text: str) -> int:
        if self._text in text:
            signal.raise_signal(self._number)
        return super().write(text)


def test_a_study_that_is_stopped_goes_on(task, tmp_path):
    runs = runs_of(task, ("vimco", "exact"), (0,))
    stopped = SignalAt("vimco-seed0: started", signal.SIGTERM)
    assert Runner(runs, tmp_path, None, WORKER, stopped).run(1) == 128 + signal.SIGTERM
    assert "exact-seed0: started" not in stopped.getvalue()
    assert "the same command goes on" in stopped.getvalue()

    said = io.StringIO()
    assert Runner(runs, tmp_path, None, WORKER, said).run(2) == 0
    for run in runs:
        folder = tmp_path / "tiny" / run.name
        assert read_outcome(folder).step == 6
        rows = read_log(folder / "log.csv")
        assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
        assert all(row["cpu_seconds"] > 0.0 for row in rows)
        end = read_end(folder)
        assert end.posterior_error > 0.0
        # One and the same measurement: at the last step, with the averaged weights.
        assert end.nll == pytest.approx(-rows[-1]["val_iw_bound"], rel=1e-4)
    assert "2 of 2 runs done, 00:00 left" in said.getvalue()

    again = io.StringIO()
    assert Runner(runs, tmp_path, None, WORKER, again).run(1) == 0
    assert "started" not in again.getvalue()


def test_a_run_that_fails_is_named_and_the_others_go_on(task, tmp_path):
    said = io.StringIO()
    runs = runs_of(task, ("vimco", "exact"), (0,))
    assert Runner(runs, tmp_path, None, "tests.study.failing_worker", said).run(1) == 1
    for name in ("vimco", "exact"):
        output = Path(tmp_path, "tiny", f"{name}-seed0", "output.txt")
        assert f"tiny/{name}-seed0: failed, see {output}: error: no" in said.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "recall256", "--jobs", "0"], "--jobs=0: expected at least 1"),
        (["--task", "recall256", "--estimators", "adam"], "estimators='adam': expected one of"),
    ],
)
def test_bad_arguments(tmp_path, capsys, arguments, message):
    assert main([*arguments, "--runs-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
