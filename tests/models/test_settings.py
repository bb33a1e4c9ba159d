"""K, l2 and the seed, set on a model that has been used."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import dataset, episode, tiny_model
from tfvma.errors import InvalidArgumentError


def compiled(**options):
    model = tiny_model(**options)
    model.compile(jit_compile=False)
    return model


def logs(model) -> dict[str, float]:
    return model.evaluate(dataset(episode()), verbose=0, return_dict=True)


def test_what_is_set_after_the_first_use_holds():
    """`evaluate`, `fit` and `predict` are traced when they are first called."""
    model = compiled(num_samples=2)
    logs(model)
    model.predict(dataset(episode()), verbose=0)
    model.num_samples, model.l2, model.seed = 5, 0.5, 7

    fresh = compiled(num_samples=5, l2=0.5, seed=7)
    assert logs(model) == pytest.approx(logs(fresh), rel=1e-6)
    found, expected = (m.predict(dataset(episode()), verbose=0) for m in (model, fresh))
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, err_msg=name)
    first, other = (m.fit(dataset(episode()), verbose=0).history["loss"] for m in (model, fresh))
    assert first == pytest.approx(other, rel=1e-6)
    assert model.get_config() == fresh.get_config()


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_callback_can_set_them(run_eagerly):
    """As where K grows while a model learns."""

    class Grow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.l2 = 100.0

        def on_epoch_end(self, epoch, logs=None):
            self.model.num_samples += 30

    model = tiny_model(num_samples=2)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False, run_eagerly=run_eagerly)
    twice = dataset(episode(), episode())
    history = model.fit(twice, epochs=2, validation_data=twice, callbacks=[Grow()], verbose=0)
    first, second = ({k: v[n] for k, v in history.history.items()} for n in (0, 1))
    assert first["ess"] <= 2.0 < second["ess"]
    assert first["val_ess"] <= 2.0 < second["val_ess"]
    # The first step was without l2, the second and all of the next epoch with it.
    norm = 50.0 * sum(float(tf.reduce_sum(w * w)) for w in model.trainable_weights)
    assert first["loss"] + first["iw_bound"] == pytest.approx(norm / 2, rel=1e-4)
    assert second["loss"] + second["iw_bound"] == pytest.approx(norm, rel=1e-4)


def test_another_seed_begins_its_own_samples():
    model = compiled()
    first = logs(model)
    assert logs(model) != first
    model.seed = 1
    other = logs(model)
    assert other != first
    model.seed = 0
    assert logs(model) == first
    model.seed = 1
    assert logs(model) == other


def test_a_seed_may_be_numpys():
    assert logs(compiled(seed=np.int64(7))) == logs(compiled(seed=7))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_samples", 0, "num_samples=0: expected at least 1"),
        ("num_samples", 1, "num_samples=1: expected at least 2"),
        ("l2", -1.0, "l2=-1.0: expected at least 0"),
        ("seed", -1, "seed=-1: expected 0 to"),
        ("seed", True, "seed=True: expected 0 to"),
    ],
)
def test_what_cannot_be_set_changes_nothing(name, value, message):
    """VIMCO leaves one sample out, and needs another."""
    model = compiled()
    before = model.get_config()
    with pytest.raises(InvalidArgumentError, match=message):
        setattr(model, name, value)
    assert model.get_config() == before
