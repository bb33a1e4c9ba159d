"""metrics.json: format, merging, and that it is there whole or not at all."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tfvma.errors import OutputError
from tfvma.evaluation.metrics_file import (
    Row,
    Trained,
    aside_of,
    divide_rows,
    merge_earlier_version,
    merge_rows,
    merge_versions,
    read_rows,
    write_rows,
)

COLUMNS = [
    "protocol",
    "metric",
    "value",
    "stderr",
    "num_samples",
    "targets",
    "steps",
    "minutes",
    "version",
    "seed",
    "paper",
    "command",
    "note",
    "sharpened_for",
]
ROW = Row(
    protocol="few_shot C=8 S=4 strokes/test",
    metric="nll",
    value=79.25,
    stderr=0.5,
    num_samples=4,
    targets=2048,
    steps=100,
    minutes=1.5,
    version="0.1.0",
    seed=0,
    paper=None,
    command="evaluate.py runs/x",
    note="",
)


def test_a_file_is_a_list_of_rows_with_these_columns(tmp_path):
    path = tmp_path / "metrics.json"
    write_rows(path, [ROW])
    (record,) = json.loads(path.read_text())
    assert list(record) == COLUMNS
    assert record == dataclasses.asdict(ROW)
    assert read_rows(path) == [ROW]


def test_no_file_has_no_rows(tmp_path):
    assert read_rows(tmp_path / "metrics.json") == []


def test_a_new_row_replaces_the_old_one_of_the_same_protocol_metric_and_k():
    old = [ROW, dataclasses.replace(ROW, num_samples=1000), dataclasses.replace(ROW, metric="kl_a")]
    newer = dataclasses.replace(ROW, value=70.0, seed=5, targets=9, command="other")
    elsewhere = dataclasses.replace(ROW, protocol="few_shot C=8 S=1 strokes/test")
    assert merge_rows(old, [newer, elsewhere]) == [newer, *old[1:], elsewhere]


def test_rows_are_divided_by_the_training_of_their_model():
    other = dataclasses.replace(ROW, steps=50)
    longer = dataclasses.replace(ROW, minutes=2.0)
    unknown = dataclasses.replace(ROW, steps=None, minutes=None)
    again = dataclasses.replace(other, value=1.0)
    sharpened = dataclasses.replace(ROW, sharpened_for=1_000)
    rows = [other, ROW, longer, unknown, again, sharpened]
    assert divide_rows(rows, ROW.trained) == ([ROW], [again, longer, unknown, sharpened])
    assert divide_rows(rows, other.trained) == ([again], [ROW, longer, unknown, sharpened])
    assert divide_rows(rows, Trained(100, 1.5, 1_000))[0] == [sharpened]


def test_rows_of_another_version_go_aside_and_come_back(tmp_path):
    path = tmp_path / "metrics.json"
    other, newer = dataclasses.replace(ROW, steps=50), dataclasses.replace(ROW, metric="kl_a")
    write_rows(path, [other])
    assert merge_versions(path, ROW.trained, [ROW]) == ([ROW], [other])
    assert (read_rows(path), read_rows(aside_of(path))) == ([ROW], [other])
    assert merge_versions(path, other.trained, []) == ([other], [ROW])
    assert merge_versions(path, ROW.trained, [newer]) == ([ROW, newer], [other])


def test_nothing_stays_aside_where_all_came_back(tmp_path):
    path = tmp_path / "metrics.json"
    write_rows(aside_of(path), [ROW])
    assert merge_versions(path, ROW.trained, []) == ([ROW], [])
    assert not aside_of(path).exists()


def test_a_kill_between_the_files_loses_no_row(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    other = dataclasses.replace(ROW, steps=50)
    write_rows(path, [other])
    write_rows(aside_of(path), [ROW])

    def killed(written, rows):
        if written == path:
            raise KeyboardInterrupt
        write_rows(written, rows)

    monkeypatch.setattr("tfvma.evaluation.metrics_file.write_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        merge_versions(path, ROW.trained, [])
    monkeypatch.undo()
    assert merge_versions(path, ROW.trained, []) == ([ROW], [other])


def test_rows_of_known_training_are_not_those_of_a_model_of_unknown_training(tmp_path):
    path = tmp_path / "metrics.json"
    unknown = dataclasses.replace(ROW, steps=None, minutes=None)
    other = dataclasses.replace(ROW, steps=50)
    write_rows(path, [ROW])
    write_rows(aside_of(path), [other])
    assert merge_versions(path, unknown.trained, [unknown]) == ([unknown], [other, ROW])
    assert read_rows(aside_of(path)) == [other, ROW]


def test_a_file_of_before_there_was_sharpening_can_be_read(tmp_path):
    path = tmp_path / "metrics.json"
    record = dataclasses.asdict(ROW)
    del record["sharpened_for"]
    path.write_text(json.dumps([record]))
    assert read_rows(path) == [ROW]


@pytest.mark.parametrize(
    "content", ["", '{"a": 1}', "[1]", '[{"metric": "nll"}]', "[{]", "\x00\x01"]
)
def test_another_file_is_refused_and_stays(tmp_path, content):
    path = tmp_path / "metrics.json"
    path.write_text(content)
    with pytest.raises(OutputError, match="expected a list of rows with protocol, metric"):
        read_rows(path)
    assert path.read_text() == content


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "metrics.json"
    write_rows(path, [ROW])
    before = path.read_bytes()

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_rows(path, [ROW, ROW])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.json"]


def test_a_file_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_rows(tmp_path / "missing" / "metrics.json", [ROW])


def test_numbers_that_json_does_not_have_are_not_written(tmp_path):
    path = tmp_path / "metrics.json"
    with pytest.raises(ValueError, match="JSON compliant"):
        write_rows(path, [dataclasses.replace(ROW, value=float("nan"))])
    assert not path.exists()


def test_rows_of_an_earlier_version_go_where_those_of_the_latest_are_not(tmp_path):
    path = tmp_path / "metrics.json"
    earlier, newer = dataclasses.replace(ROW, steps=50), dataclasses.replace(ROW, value=1.0)
    write_rows(path, [ROW])
    assert merge_earlier_version(path, earlier.trained, [earlier]) == ([earlier], [ROW])
    assert (read_rows(path), read_rows(aside_of(path))) == ([ROW], [earlier])
    # As long as the latest is not scored, the file is that of the one before.
    assert merge_earlier_version(path, ROW.trained, [newer]) == ([newer], [earlier])
    assert (read_rows(path), read_rows(aside_of(path))) == ([newer], [earlier])


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"value": None}, "value is None"),
        ({"value": "83"}, "value is '83'"),
        ({"num_samples": 4.5}, "num_samples is 4.5"),
        ({"protocol": ["x"]}, r"protocol is \['x'\]"),
    ],
)
def test_what_no_row_holds_is_refused(tmp_path, changes, found):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps([{**dataclasses.asdict(ROW), **changes}]))
    with pytest.raises(OutputError, match=rf"expected a list of rows .*\({found}\)"):
        read_rows(path)


def test_whole_numbers_are_numbers_and_other_bytes_are_not_text(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps([{**dataclasses.asdict(ROW), "value": 84}]))
    assert read_rows(path)[0].value == 84
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(OutputError, match="expected a list of rows"):
        read_rows(path)
