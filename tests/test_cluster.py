from __future__ import annotations

import json

import pytest

from tfvma.cluster import read_cluster
from tfvma.errors import InvalidArgumentError

WORKERS = ["a:1", "b:1"]


def config(index: object, job: str = "worker") -> str:
    return json.dumps({"cluster": {job: WORKERS}, "task": {"type": job, "index": index}})


@pytest.mark.parametrize("index", [0, 1])
def test_the_first_worker_is_the_chief(monkeypatch, index):
    monkeypatch.setenv("TF_CONFIG", config(index))
    cluster = read_cluster()
    assert (cluster.workers, cluster.index) == (tuple(WORKERS), index)
    assert cluster.is_chief == (index == 0)


@pytest.mark.parametrize(
    "text", ["", "worker", "[]", "{}", config(2), config(-1), config("0"), config(0, job="ps")]
)
def test_anything_else_is_one_clear_error(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InvalidArgumentError) as raised:
        read_cluster()
    assert str(raised.value).startswith(f"TF_CONFIG={text!r}: expected JSON such as {{")


def test_without_the_variable(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(InvalidArgumentError, match="TF_CONFIG=''"):
        read_cluster()
