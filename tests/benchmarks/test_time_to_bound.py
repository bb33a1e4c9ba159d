"""Reading when a bound was reached off a run's log."""

from __future__ import annotations

import json

from benchmarks import time_to_bound

LOG = """step,seconds,iw_bound,val_iw_bound
100,6.0,-150.0,
200,12.0,-120.0,-95.5
300,90.0,-85.0,-79.5
400,120.0,-84.0,-79.75
"""


def write_run(folder, log: str) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"name": "a_run"}))
    (folder / "log.csv").write_text(log)
    return str(folder)


def test_first_step_that_reaches_the_bound(tmp_path, capsys):
    run = write_run(tmp_path / "run", LOG)
    assert time_to_bound.main([run]) == 0
    expected = "| a_run | adam | 300 | 1.5 | -79.50 | 300 | 400 | 2.0 |"
    assert capsys.readouterr().out.splitlines()[-1] == expected


def test_a_bound_that_is_not_reached(tmp_path, capsys):
    run = write_run(tmp_path / "run", LOG)
    assert time_to_bound.main([run, "--bound", "-70"]) == 0
    assert "| not reached |  |" in capsys.readouterr().out


def test_a_run_without_held_out_bounds_is_named(tmp_path, capsys):
    run = write_run(tmp_path / "run", "step,seconds\n100,6.0\n")
    assert time_to_bound.main([run]) == 2
    assert capsys.readouterr().err == f"error: RUN={run!r}: expected a run with held-out bounds.\n"
