from __future__ import annotations

import csv

import pytest

from tfvma.training.log import CsvLog, read_log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.csv"


def test_rows_are_read_back(path):
    log = CsvLog(path, ("step", "loss", "val_loss"), step=0)
    log({"step": 1000000, "loss": 0.25, "unknown": 1.0})
    log({"step": 1000100, "loss": -0.5, "val_loss": 3.0})
    assert read_log(path) == [
        {"step": 1000000, "loss": 0.25},
        {"step": 1000100, "loss": -0.5, "val_loss": 3.0},
    ]
    assert list(csv.reader(path.open()))[1] == ["1000000", "0.25", ""]


def test_rows_after_the_checkpoint_are_dropped(path):
    log = CsvLog(path, ("step", "loss"), step=0)
    for step in (10, 20, 30):
        log({"step": step, "loss": step / 8})
    CsvLog(path, ("step", "loss"), step=20)({"step": 30, "loss": 1.0})
    assert read_log(path) == [
        {"step": 10, "loss": 1.25},
        {"step": 20, "loss": 2.5},
        {"step": 30, "loss": 1.0},
    ]


@pytest.mark.parametrize("torn", ["20,0.1", "20\n", "20,0.1e\n", "\0\0\0\n"])
def test_a_torn_last_line_is_passed_over(path, torn):
    path.write_text("step,loss\n10,0.5\n" + torn)
    CsvLog(path, ("step", "loss"), step=99)({"step": 20, "loss": 0.75})
    assert read_log(path) == [{"step": 10, "loss": 0.5}, {"step": 20, "loss": 0.75}]


def test_columns_can_be_added_later(path):
    CsvLog(path, ("step", "loss"), step=0)({"step": 10, "loss": 0.5})
    CsvLog(path, ("step", "seconds", "loss"), step=10)({"step": 20, "seconds": 3.0})
    assert path.read_text() == "step,seconds,loss\n10,,0.5\n20,3,\n"


@pytest.mark.parametrize("content", ["", "step", "loss\n1\n"])
def test_a_file_without_rows(path, content):
    path.write_text(content)
    assert read_log(path) == []
    assert read_log(path.with_name("missing.csv")) == []
