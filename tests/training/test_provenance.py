"""What is kept with a SavedModel of how its weights came about."""

from __future__ import annotations

import json

import pytest

from tfvma.config import Config, replace_options
from tfvma.errors import CheckpointError
from tfvma.training.provenance import Training, read_training, read_training_log, write_training

FIRST = Config("first")
SECOND = replace_options(
    FIRST,
    {
        "training.steps": 2,
        "training.start_from": "savedmodels/first/1",
        "episodes.varied_shots": (1, 2),
    },
)


def test_what_is_written_is_read(tmp_path):
    training = Training(3, 0.5, (FIRST, SECOND))
    log = tmp_path / "run.csv"
    log.write_text("step,kl_a\n1,0.5\n2,0.75\n3,1.0\n")
    write_training(tmp_path, training, log)
    assert read_training(tmp_path) == training
    # Of three rows two are of the steps that the weights have had.
    assert read_training_log(tmp_path) == [{"step": 1, "kl_a": 0.5}, {"step": 2, "kl_a": 0.75}]


def test_a_run_without_a_log_leaves_none(tmp_path):
    write_training(tmp_path, Training(3, 0.5), tmp_path / "log.csv")
    assert read_training_log(tmp_path) == []
    assert [path.name for path in (tmp_path / "assets.extra").iterdir()] == ["training.json"]


def test_nothing_is_known_where_nothing_was_kept(tmp_path):
    assert read_training(tmp_path) == Training(None, None, ())
    assert not read_training(tmp_path).recorded
    assert Training(3).recorded and Training(stages=(FIRST,)).recorded
    assert read_training_log(tmp_path) == []


def test_stages_need_not_be_known(tmp_path):
    write_training(tmp_path, Training())
    (tmp_path / "assets.extra" / "training.json").write_text('{"steps": 3, "minutes": 0.5}')
    assert read_training(tmp_path) == Training(3, 0.5)


@pytest.mark.parametrize(
    "content",
    ['{"steps": "abc"}', '{"steps"', "[]", '{"pages": 3}', json.dumps({"stages": [{"name": 3}]})],
)
def test_a_damaged_file_is_named(tmp_path, content):
    write_training(tmp_path, Training())
    (tmp_path / "assets.extra" / "training.json").write_text(content)
    with pytest.raises(CheckpointError, match="training.json: expected what is known"):
        read_training(tmp_path)


def test_a_training_goes_on_from_the_one_before():
    first, second = Training(1, 1.0, (FIRST,)), Training(2, 2.0, (SECOND,))
    assert second.after(first) == Training(3, 3.0, (FIRST, SECOND))


def test_what_is_not_known_of_the_one_before_stays_unknown():
    second = Training(2, 2.0, (SECOND,))
    assert second.after(Training()) == Training(stages=(SECOND,))
    assert second.after(Training(1, 1.0)) == Training(3, 3.0, (SECOND,))
    assert second.after(Training(stages=(FIRST,))) == Training(stages=(FIRST, SECOND))
    assert second.after(Training(steps=1)) == Training(steps=3, stages=(SECOND,))
