from __future__ import annotations

import io
from types import SimpleNamespace

from tfvma.training.progress import ProgressBar, ProgressLines


def model_at(step: int) -> SimpleNamespace:
    return SimpleNamespace(optimizer=SimpleNamespace(iterations=step))


def test_lines():
    stream = io.StringIO()
    lines = ProgressLines(400, stream)
    lines.set_model(model_at(100))
    lines.on_train_begin()
    lines({"step": 200, "iw_bound": -90.123, "val_iw_bound": -95.5})
    line = stream.getvalue()
    assert line.startswith("step 200/400, ")
    assert line.endswith("left: bound -90.12, held out -95.50\n")


def test_bar_counts_the_whole_run_and_keeps_the_held_out_bound():
    stream = io.StringIO()
    bar = ProgressBar(400, stream)
    bar.set_model(model_at(100))
    bar.on_train_begin()
    bar({"step": 100, "val_iw_bound": -95.5})
    bar.set_model(model_at(400))
    bar.on_train_batch_end(0, {"iw_bound": -90.123})
    bar.close()
    last = stream.getvalue().rpartition("\r")[2]
    assert "400/400" in last
    assert last.endswith("bound -90.12, held out -95.50]\n")
