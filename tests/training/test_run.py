from __future__ import annotations

import dataclasses
import io
import itertools
import shutil
import signal
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.training.conftest import random_characters
from tfvma.config import replace_options
from tfvma.errors import (
    CheckpointError,
    DataError,
    DivergedError,
    InvalidArgumentError,
    OutputError,
)
from tfvma.models.build import build_model
from tfvma.training import load_trained, run, train
from tfvma.training.checkpoints import Checkpoints
from tfvma.training.held_out import HELD_OUT_METRICS, HeldOut, draw_held_out
from tfvma.training.log import read_log
from tfvma.training.measurements import TIMES
from tfvma.training.run import compiled_model
from tfvma.training.run_folder import RunFolder, read_config
from tfvma.training.sole_writer import sole_writer

pytestmark = pytest.mark.usefixtures("stand_in")
VARIED = {"episodes.shots": 2, "episodes.varied_shots": (1, 2)}


class SignalAt(io.StringIO):
    """A stream for progress that sends a signal when a step is shown."""

    def __init__(self, step: int, number: signal.Signals):
        super().__init__()
        self._line = f"step {step}/"
        self._number = number

    def write(self, text: str) -> int:
        if text.startswith(self._line):
            signal.raise_signal(self._number)
        return super().write(text)


def weights(folder: Path) -> list[np.ndarray]:
    return load_trained(folder)[0].get_weights()


def assert_same_weights(folder: Path, other: Path) -> None:
    for mine, theirs in zip(weights(folder), weights(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def figures(folder: Path) -> list[dict[str, float]]:
    """The rows of the log without the times, which differ from run to run."""
    rows = read_log(folder / "log.csv")
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


def test_what_a_run_leaves_behind(straight_run, tiny):
    assert read_config(RunFolder(straight_run)).training == tiny.training
    rows = read_log(straight_run / "log.csv")
    assert [row["step"] for row in rows] == [2, 3, 4, 6]
    assert {row["step"] for row in rows if "val_iw_bound" in row} == {3, 6}
    assert all(f"val_{name}" in rows[-1] for name in HELD_OUT_METRICS)
    assert all(row[name] > 0 for row in rows for name in TIMES)
    assert sorted(path.name for path in (straight_run / "pictures").iterdir()) == [
        "step-0000003.png",
        "step-0000006.png",
    ]
    picture = matplotlib.image.imread(straight_run / "pictures" / "step-0000006.png")
    assert picture.shape[:2] == (3 * (2 * 28 - 2), 3 * (11 * 28 - 2))
    assert list((straight_run / "tensorboard").glob("events.out.tfevents.*"))
    left_over = [path for path in straight_run.rglob("*") if ".part" in path.name]
    assert left_over == []


def test_stopped_by_signals_and_resumed_it_is_the_same_run(straight_run, tiny, tmp_path):
    # Intervals may differ, and neither validation nor pictures may touch the training.
    config = dataclasses.replace(
        tiny, intervals=dataclasses.replace(tiny.intervals, log=1, checkpoint=0)
    )
    first = train(config, tmp_path, progress=SignalAt(2, signal.SIGTERM))
    assert (first.step, first.finished, first.interrupted_by) == (2, False, signal.SIGTERM)
    second = train(config, tmp_path, progress=SignalAt(5, signal.SIGINT))
    assert (second.step, second.finished, second.interrupted_by) == (5, False, signal.SIGINT)
    assert not (tmp_path / "model.weights.h5").exists()
    assert load_trained(tmp_path)[2] == 5

    last = train(config, tmp_path)
    assert (last.step, last.finished, last.interrupted_by) == (6, True, None)
    assert last.seconds > second.seconds > first.seconds > 0.0
    assert last.metrics["step"] == 6
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == [1, 2, 3, 4, 5, 6]
    assert_same_weights(tmp_path, straight_run)


def test_a_run_ends_when_its_steps_have_had_their_time(straight_run, tiny, tmp_path, monkeypatch):
    # Each step is begun and ended: four seconds of CPU.
    monkeypatch.setattr("time.process_time", itertools.count(step=4).__next__)
    stopped = train(tiny, tmp_path, max_cpu_seconds=15.0)
    assert (stopped.step, stopped.cpu_seconds) == (4, 16.0)
    assert (stopped.finished, stopped.interrupted_by) == (False, None)
    # Time that was had is had; with more of it the run goes on.
    again = train(tiny, tmp_path, max_cpu_seconds=16.0)
    assert (again.step, again.cpu_seconds) == (4, 16.0)
    last = train(tiny, tmp_path, max_cpu_seconds=100.0)
    assert (last.step, last.cpu_seconds, last.finished) == (6, 24.0, True)
    rows = read_log(tmp_path / "log.csv")
    assert [row["cpu_seconds"] for row in rows] == [8.0, 16.0, 24.0]
    assert_same_weights(tmp_path, straight_run)


def test_killed_with_half_a_checkpoint_it_goes_on_from_the_one_before(straight_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder)
    (folder / "model.weights.h5").unlink()
    (data,) = (folder / "checkpoints").glob("step-6.data-*")
    data.write_bytes(data.read_bytes()[:1000])
    (folder / "log.csv").write_bytes((folder / "log.csv").read_bytes()[:-7])
    with pytest.warns(UserWarning, match="step-6: damaged checkpoint passed over"):
        train(read_config(RunFolder(straight_run)), folder)
    assert_same_weights(folder, straight_run)
    assert figures(folder) == figures(straight_run)


def test_a_finished_run_is_not_trained_again_and_can_be_extended(straight_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder)
    (folder / "model.weights.h5").unlink()
    result = train(tiny, folder)
    assert (result.first_step, result.step, result.finished) == (6, 6, True)
    assert_same_weights(folder, straight_run)

    longer = replace_options(tiny, {"training.steps": 8})
    result = train(longer, folder)
    assert (result.first_step, result.step) == (6, 8)
    model, config, step = load_trained(folder)
    assert (config.training.steps, step) == (8, 8)
    assert not np.array_equal(model.level, load_trained(straight_run)[0].level)
    with pytest.raises(InvalidArgumentError, match=r"training\.steps=6: expected at least 8"):
        train(tiny, folder)


def test_a_finished_run_without_checkpoints_is_not_trained_anew(straight_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder, ignore=shutil.ignore_patterns("checkpoints"))
    with pytest.raises(CheckpointError, match=r"finished run, with no checkpoint in checkpoints/"):
        train(tiny, folder)
    assert_same_weights(folder, straight_run)
    assert figures(folder) == figures(straight_run)


def test_a_run_that_is_finished_where_it_had_stopped_says_so(tiny, tmp_path):
    folder = tmp_path / "run"
    stopped = train(tiny, folder, progress=SignalAt(4, signal.SIGTERM))
    assert (stopped.step, stopped.finished) == (4, False)
    shorter = replace_options(tiny, {"training.steps": 4})
    assert train(shorter, folder).finished
    _, config, step = load_trained(folder)
    assert (config.training.steps, step) == (4, 4)


def test_a_run_that_another_process_trains_is_left_alone(straight_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder)
    longer = replace_options(tiny, {"training.steps": 8})
    with sole_writer(folder), pytest.raises(OutputError, match="is being trained already"):
        train(longer, folder)
    assert figures(folder) == figures(straight_run)
    assert train(longer, folder).step == 8


def test_another_configuration_is_refused_until_accepted(straight_run, tiny, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(straight_run, folder)
    changed = replace_options(
        tiny, {"training.learning_rate": 0.02, "episodes.shots": 2, "training.steps": 8}
    )
    with pytest.raises(CheckpointError) as raised:
        train(changed, folder)
    message = str(raised.value)
    assert "training.learning_rate is 0.01 there and 0.02 here" in message
    assert "episodes.shots is 1 there and 2 here" in message
    assert "training.seed" not in message
    assert "training.steps" not in message
    assert message.endswith("or go on all the same with --accept-changes.")
    wider = replace_options(tiny, {"model.latent_dim": tiny.model.latent_dim + 1})
    with pytest.raises(CheckpointError, match=r"another --name, or the same values\.$"):
        train(wider, folder)
    assert read_config(RunFolder(folder)) != changed

    assert train(changed, folder, accept_changes=True).finished
    assert read_config(RunFolder(folder)) == changed


def test_divergence_stops_before_anything_is_saved(tiny, tmp_path):
    wild = replace_options(tiny, {"training.learning_rate": 1e30, "training.schedule": "constant"})
    with pytest.raises(DivergedError, match=r"No checkpoint was saved"):
        train(wild, tmp_path)
    assert list((tmp_path / "checkpoints").glob("*.index")) == []
    assert not (tmp_path / "model.weights.h5").exists()
    # Nor does what it left stand in the way of the same name with a lower rate.
    train(tiny, tmp_path)
    assert [row["step"] for row in read_log(tmp_path / "log.csv")] == [2, 4, 6]


def test_the_averaged_weights_are_what_is_kept(straight_run, tiny):
    model = compiled_model(tiny)
    assert Checkpoints(straight_run / "checkpoints", model).restore() == 6
    trained = model.level.numpy()
    model.optimizer.finalize_variable_values(model.trainable_variables)
    kept = load_trained(straight_run)[0].level.numpy()
    np.testing.assert_array_equal(kept, model.level.numpy())
    assert not np.array_equal(kept, trained)


def test_what_is_held_out_is_scored_with_the_averaged_weights(straight_run, tiny):
    *_, last = read_log(straight_run / "log.csv")
    episodes = draw_held_out(tiny, random_characters("strokes", "test"))
    model = load_trained(straight_run)[0]
    measured = HeldOut(episodes, model).measure()
    # The log has seven digits.
    assert last["val_iw_bound"] == pytest.approx(measured["iw_bound"], rel=2e-6)


def test_a_run_learns_from_the_training_split_and_is_held_out_on_the_other(
    tiny, tmp_path, monkeypatch
):
    splits = {}

    def spy_on(name):
        draw = getattr(run, name)

        def drawn(settings, source, **options):
            splits.setdefault(name, []).append(source.split)
            return draw(settings, source, **options)

        monkeypatch.setattr(run, name, drawn)

    for name in ("draw_episodes", "draw_held_out", "draw_to_sharpen"):
        spy_on(name)
    # The stand-in has no logits to be sharpened.
    monkeypatch.setattr(run, "sharpen", lambda *_, **__: 1.0)
    train(replace_options(tiny, {"training.sharpened_for": 5}), tmp_path)
    assert splits == {
        "draw_episodes": ["train"],
        "draw_held_out": ["test"],
        "draw_to_sharpen": ["train"],
    }


def test_with_varied_shots_a_resumed_run_is_the_same(tiny, tmp_path, monkeypatch):
    for module in ("run", "load"):
        monkeypatch.setattr(f"tfvma.training.{module}.build_model", build_model)
    config = replace_options(tiny, {**VARIED, "intervals.log": 1, "training.steps": 4})
    train(config, tmp_path / "straight")
    assert not train(config, tmp_path / "resumed", progress=SignalAt(2, signal.SIGTERM)).finished
    assert train(config, tmp_path / "resumed").finished
    assert figures(tmp_path / "resumed") == figures(tmp_path / "straight")
    assert_same_weights(tmp_path / "resumed", tmp_path / "straight")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model.image_size": 28}, InvalidArgumentError, r"model\.image_size=28: expected 26"),
        ({"episodes.num_classes": 6}, DataError, "num_classes=6"),
        ({"episodes.shots": 3}, DataError, "shots=3"),
        ({"training.l2": -1.0}, InvalidArgumentError, r"training\.l2=-1\.0: expected"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    tiny, tmp_path, options, error, message
):
    with pytest.raises(error, match=message):
        train(replace_options(tiny, options), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"training.num_samples": 1}, "num_samples=1: expected at least 2"),
        ({"training.estimator": "ovis(gama=0.5)"}, "no setting 'gama', expected one of gamma"),
        ({"training.estimator": "exact(most_slots=1)"}, "expected at most most_slots=1"),
        *(
            ({**VARIED, "training.estimator": name}, rf"varied_shots=\(1, 2\): .*'{name}', which")
            for name in ("exact", "marginal_top_k", "concrete")
        ),
    ],
)
def test_an_estimator_that_cannot_work_is_refused(tiny, tmp_path, monkeypatch, options, message):
    monkeypatch.setattr("tfvma.training.run.build_model", build_model)
    with pytest.raises(InvalidArgumentError, match=message):
        train(replace_options(tiny, options), tmp_path)
    assert list(tmp_path.iterdir()) == []
