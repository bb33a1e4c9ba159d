from __future__ import annotations

from tfvma.training.step_clock import StepClock


def test_steps_alone_are_counted(monkeypatch):
    now = 0.0
    monkeypatch.setattr("time.process_time", lambda: now)
    clock = StepClock(elapsed=10.0)
    for _ in range(3):
        clock.on_train_batch_begin(0)
        now += 2.0
        clock.on_train_batch_end(0)
        now += 100.0
    assert clock.cpu_seconds == 16.0
