"""The cache gives back what was built, whatever happens to its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfvma.data.cache import cache_dir, cache_path, cached_arrays

ARRAYS = {
    "images": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "names": np.array(["Tengwar_0", "ULOG_1"]),
}


class Builder:
    """Makes ARRAYS and counts how often."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return dict(ARRAYS)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def assert_same(arrays):
    assert sorted(arrays) == sorted(ARRAYS)
    for name, expected in ARRAYS.items():
        assert arrays[name].dtype == expected.dtype
        np.testing.assert_array_equal(arrays[name], expected)


def test_builds_once_per_key(folder):
    build = Builder()
    for _ in range(3):
        assert_same(cached_arrays("one", build))
    assert build.calls == 1
    assert_same(cached_arrays("two", build))
    assert build.calls == 2
    assert len(list(folder.iterdir())) == 2


def test_default_folder_is_below_home(monkeypatch, tmp_path):
    monkeypatch.delenv("TFVMA_CACHE_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "tfvma"


def test_any_key_makes_a_file_name_of_its_own(folder):
    keys = ["a/b", "a:b", "../a b", "x" * 300, "x" * 301, "é"]
    paths = [cache_path(key) for key in keys]
    assert len(set(paths)) == len(keys)
    assert {path.parent for path in paths} == {folder}
    for key in keys:
        assert_same(cached_arrays(key, Builder()))


@pytest.mark.parametrize("content", [b"", b"not a zip file", None], ids=["empty", "other", "half"])
def test_damaged_file_is_rebuilt_and_replaced(content):
    cached_arrays("one", Builder())
    path = cache_path("one")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    build = Builder()
    assert_same(cached_arrays("one", build))
    assert_same(cached_arrays("one", build))
    assert build.calls == 1


def test_no_changed_byte_reaches_the_caller():
    cached_arrays("one", Builder())
    path = cache_path("one")
    whole = path.read_bytes()
    places = range(0, len(whole), 5)
    build = Builder()
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert_same(cached_arrays("one", build))
    assert build.calls == len(places)


def test_the_file_is_an_npz():
    cached_arrays("one", Builder())
    with np.load(cache_path("one")) as file:
        assert_same({name: file[name] for name in file.files})


def test_a_file_of_another_key_is_not_taken():
    cached_arrays("one", Builder())
    cache_path("two").write_bytes(cache_path("one").read_bytes())
    build = Builder()
    cached_arrays("two", build)
    assert build.calls == 1


def test_an_error_while_building_passes_and_keeps_nothing(folder):
    def build():
        raise KeyError("truncated source")

    with pytest.raises(KeyError, match="truncated source"):
        cached_arrays("one", build)
    assert not folder.exists()


def test_an_interrupted_write_leaves_nothing(folder, monkeypatch):
    def interrupted(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached_arrays("one", Builder())
    assert list(folder.iterdir()) == []


def test_a_folder_that_takes_no_files_only_warns(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFVMA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    build = Builder()
    for _ in range(2):
        with pytest.warns(UserWarning, match="set TFVMA_CACHE_DIR"):
            assert_same(cached_arrays("one", build))
    assert build.calls == 2
