from __future__ import annotations

import signal
from types import SimpleNamespace

import pytest

from tfvma.training.interruption import StopWhenInterrupted


@pytest.fixture
def default_handler():
    """Python's own handler of SIGINT, which a background job is started without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_first_signal_stops_training_and_the_second_acts_as_before(default_handler):
    model = SimpleNamespace(stop_training=False)
    with StopWhenInterrupted() as interruption:
        interruption.set_model(model)
        interruption.on_train_batch_end(0)
        assert not model.stop_training
        signal.raise_signal(signal.SIGINT)
        interruption.on_train_batch_end(1)
        assert model.stop_training
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert interruption.received == signal.SIGINT


def test_a_signal_to_another_worker_stops_this_one():
    told = iter([0, signal.SIGTERM])
    sent = []
    model = SimpleNamespace(stop_training=False)
    interruption = StopWhenInterrupted(lambda number: sent.append(number) or next(told))
    interruption.set_model(model)
    interruption.on_train_batch_end(0)
    assert not model.stop_training
    interruption.on_train_batch_end(1)
    assert model.stop_training
    assert interruption.received == signal.SIGTERM
    assert sent == [0, 0]


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with StopWhenInterrupted() as interruption:
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert interruption.received is None
