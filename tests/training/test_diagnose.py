from __future__ import annotations

import dataclasses

import keras

from tests.models.tiny_vma import dataset, episode, tiny_model
from tfvma.diagnostics import Diagnostics, diagnostic_columns
from tfvma.models.build import build_model
from tfvma.training import train
from tfvma.training.diagnose import Diagnose
from tfvma.training.log import CsvLog, read_log
from tfvma.training.measurements import TIMES


def test_callback_of_fit(tmp_path):
    model = tiny_model()
    model.compile(keras.optimizers.SGD(0.01), jit_compile=False)
    path = tmp_path / "diagnostics.csv"
    write = CsvLog(path, diagnostic_columns(model), step=0)
    diagnostics = Diagnostics(model, episode(), repeats=2, num_latents=1)
    model.fit(
        dataset(*map(episode, range(5))), verbose=0, callbacks=[Diagnose(2, diagnostics, write)]
    )
    rows = read_log(path)
    assert [row["step"] for row in rows] == [2, 4]
    assert set(rows[0]) == set(diagnostic_columns(model))
    assert rows[0]["variance_decoder"] != rows[1]["variance_decoder"]


def test_training_writes_them_and_is_the_same_without(tiny, tmp_path, stand_in, monkeypatch):
    monkeypatch.setattr("tfvma.training.run.build_model", build_model)
    config = dataclasses.replace(tiny, intervals=dataclasses.replace(tiny.intervals, diagnostics=2))
    assert train(config, tmp_path / "diagnosed", max_cpu_seconds=0.001).step < 6
    train(config, tmp_path / "diagnosed")
    train(tiny, tmp_path / "plain")
    rows = read_log(tmp_path / "diagnosed" / "diagnostics.csv")
    assert [row["step"] for row in rows] == [2, 4, 6]
    logs = [read_log(tmp_path / name / "log.csv") for name in ("diagnosed", "plain")]
    for one, other in zip(*logs, strict=True):
        assert {**one, **dict.fromkeys(TIMES)} == {**other, **dict.fromkeys(TIMES)}
    assert not (tmp_path / "plain" / "diagnostics.csv").exists()
