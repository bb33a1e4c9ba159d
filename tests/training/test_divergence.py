from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tfvma.errors import DivergedError
from tfvma.training.divergence import StopWhenDiverged


def callback_at(step: int, latest: Path | None) -> StopWhenDiverged:
    callback = StopWhenDiverged(SimpleNamespace(latest=latest))
    callback.set_model(SimpleNamespace(optimizer=SimpleNamespace(iterations=step)))
    return callback


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_message_says_step_last_metrics_and_checkpoint(bad):
    callback = callback_at(30, Path("runs/a/checkpoints/step-20"))
    callback.on_train_batch_end(0, {"loss": 12.5, "kl_z": 3.0})
    with pytest.raises(DivergedError) as raised:
        callback.on_train_batch_end(1, {"loss": bad, "kl_z": 3.0})
    message = str(raised.value)
    assert message.startswith(f"step 30: the loss is no longer finite (loss {bad}, kl_z 3)")
    assert "last finite metrics: step 30: loss 12.5, kl_z 3." in message
    assert "The last checkpoint is runs/a/checkpoints/step-20" in message


def test_message_without_checkpoint():
    with pytest.raises(DivergedError, match=r"metrics: none yet\. No checkpoint was saved"):
        callback_at(30, None).on_train_batch_end(0, {"loss": float("nan")})
