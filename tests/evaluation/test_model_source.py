"""Which folders are taken for a trained model."""

from __future__ import annotations

import pytest

from tfvma.errors import CheckpointError
from tfvma.evaluation.model_source import ModelSource, find_model


@pytest.fixture
def saved(tmp_path):
    for version in ("1", "2", "10", "notes"):
        (tmp_path / "saved" / version).mkdir(parents=True)
    (tmp_path / "saved" / "config.json").touch()
    return tmp_path / "saved"


def test_a_run(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    assert find_model(tmp_path) == ModelSource(tmp_path, None)


def test_the_latest_version_of_a_saved_model(saved):
    assert find_model(saved) == ModelSource(saved, saved / "10")


def test_one_version_of_a_saved_model(saved):
    assert find_model(saved / "2") == ModelSource(saved, saved / "2")


def test_a_run_whose_name_is_a_number(tmp_path):
    run = tmp_path / "7"
    (run / "checkpoints").mkdir(parents=True)
    assert find_model(run) == ModelSource(run, None)


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="missing': there is no such folder; expected"):
        find_model(tmp_path / "missing")


def test_a_folder_of_something_else(tmp_path):
    with pytest.raises(CheckpointError, match="expected the folder of a run"):
        find_model(tmp_path)
