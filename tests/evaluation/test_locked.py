"""Two processes that change a file do it one after the other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.evaluation.zoo_folder import row
from tfvma.errors import OutputError
from tfvma.evaluation.locked import locked
from tfvma.evaluation.metrics_file import merge_earlier_version, merge_versions, read_rows

# For what must not come.
SECONDS = 0.2


@pytest.mark.parametrize("merge", [merge_versions, merge_earlier_version])
def test_a_merge_waits_and_then_sees_what_the_other_wrote(tmp_path, merge):
    path = tmp_path / "metrics.json"
    first, second = (row("nll", metric, 1.0, 4) for metric in ("nll", "kl_a"))
    merge_versions(path, first.trained, [first])
    waiting = threading.Thread(target=merge, args=(path, first.trained, [second]))
    with locked(path):
        waiting.start()
        waiting.join(SECONDS)
        assert waiting.is_alive()
        assert read_rows(path) == [first]
        path.write_text(path.read_text().replace('"nll",', '"kl_z",'))
    waiting.join()
    assert [each.metric for each in read_rows(path)] == ["kl_z", "kl_a"]
    assert [each.name for each in tmp_path.iterdir()] == ["metrics.json"]


def test_many_at_once_lose_no_row(tmp_path):
    path = tmp_path / "metrics.json"
    rows = [row(f"few_shot C={count}", "nll", 1.0, 4) for count in range(20)]
    threads = [
        threading.Thread(target=merge_versions, args=(path, each.trained, [each])) for each in rows
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.key for each in read_rows(path)} == {each.key for each in rows}


def test_an_error_inside_lets_the_next_one_in(tmp_path):
    path = tmp_path / "metrics.json"
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    with locked(path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there():
    message = "output='/nowhere/metrics.json': cannot be written"
    with pytest.raises(OutputError, match=message), locked(Path("/nowhere/metrics.json")):
        pass
