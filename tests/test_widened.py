"""A wider model computes what the narrower one did, and can learn more."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.test_restore_weights import CONFIG, SIZE, random_model
from tfvma.config import replace_options
from tfvma.errors import CheckpointError
from tfvma.export import export_saved_model
from tfvma.models.build import build_model
from tfvma.restore_weights import start_from
from tfvma.widened import widened

CONV = {"model.filters": (3, 4, 5)}
WIDER_CONV = {"model.filters": (4, 4, 7), "model.hidden_units": 9}
MLP = {"model.network": "mlp", "model.units": (7, 6)}
WIDER_MLP = {"model.units": (15, 14)}
# Odd sizes: 26, 13, 13, 7. The last has 49 cells, as has what dense layers read.
FAMILIES = pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (CONV, WIDER_CONV),
        (CONV | {"model.family": "soft_attention"}, WIDER_CONV),
        (CONV | {"model.family": "vae", "model.key_dim": 128}, WIDER_CONV),
        (MLP, WIDER_MLP),
    ],
)


def measured(model) -> dict[str, float]:
    images = tf.constant(np.random.default_rng(0).random((8, SIZE, SIZE, 1)) < 0.3, tf.float32)
    episodes = tf.data.Dataset.from_tensors({"x": images[:3], "memory": images})
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    tf.random.set_seed(0)
    return model.evaluate(episodes, verbose=0, return_dict=True)


@FAMILIES
def test_it_computes_the_same(tmp_path, narrow, wide):
    small = replace_options(CONFIG, narrow)
    trained = random_model(small, seed=0)
    path = export_saved_model(trained, small, tmp_path)
    large = build_model(replace_options(small, wide))
    started = start_from(large, path)
    assert started.given == len(large.weights) > started.widened > 0
    assert large.count_params() > trained.count_params()
    expected = measured(trained)
    assert measured(large) == pytest.approx(expected, rel=1e-5)
    # It would not with weights of its own.
    other = random_model(replace_options(small, wide), seed=1)
    assert measured(other) != pytest.approx(expected, rel=1e-2)


@FAMILIES
def test_every_weight_that_reads_a_new_unit_has_a_gradient(tmp_path, narrow, wide):
    """New units that nobody read yet are read after a step."""
    small = replace_options(CONFIG, narrow | {"training.l2": 0.0})
    path = export_saved_model(random_model(small, seed=0), small, tmp_path)
    large = build_model(replace_options(small, wide))
    start_from(large, path)
    before = {weight.path: weight.numpy() for weight in large.weights}
    images = tf.constant(np.random.default_rng(0).random((8, SIZE, SIZE, 1)) < 0.3, tf.float32)
    large.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    large.fit(
        tf.data.Dataset.from_tensors({"x": images[:3], "memory": images}), verbose=0, epochs=1
    )
    zeros = {path: value == 0.0 for path, value in before.items() if path.endswith("/kernel")}
    assert any(zero.any() for zero in zeros.values())
    for weight in large.weights:
        zero = zeros.get(weight.path)
        if zero is not None and zero.any():
            assert np.any(weight.numpy()[zero] != 0.0), weight.path


def test_dense_layers_read_old_channels_in_every_cell():
    trained = np.arange(1.0, 13.0, dtype=np.float32).reshape(6, 2)
    initial = np.full([9, 3], 0.5, np.float32)
    wide = widened("model/posterior/hidden/kernel", trained, initial, top=(3, 3))
    np.testing.assert_array_equal(
        wide,
        [
            [1, 2, 0.5],
            [3, 4, 0.5],
            [0, 0, 0.5],
            [5, 6, 0.5],
            [7, 8, 0.5],
            [0, 0, 0.5],
            [9, 10, 0.5],
            [11, 12, 0.5],
            [0, 0, 0.5],
        ],
    )
    bias = widened("model/decoder/z_dense/bias", trained[:, 0], initial[:, 0], top=(3, 3))
    np.testing.assert_array_equal(bias, [1, 3, 0.5, 5, 7, 0.5, 9, 11, 0.5])


def test_transposed_convolutions_have_what_they_make_before_what_they_read():
    trained, initial = np.ones([3, 3, 2, 4], np.float32), np.full([3, 3, 3, 6], 0.5, np.float32)
    wide = widened("model/decoder/up2/kernel", trained, initial, top=(1, 1))
    np.testing.assert_array_equal(wide[0, 0], [[1, 1, 1, 1, 0, 0]] * 2 + [[0.5] * 6])
    wide = widened("model/pyramid/conv2/kernel", trained, initial, top=(1, 1))
    np.testing.assert_array_equal(wide[0, 0], [[1, 1, 1, 1, 0.5, 0.5]] * 2 + [[0] * 4 + [0.5] * 2])


def test_a_weight_of_the_same_shape_is_taken_whole():
    trained = np.random.default_rng(0).standard_normal([4, 5])
    assert widened("model/hidden/kernel", trained, np.zeros([4, 5]), top=(1, 5)) is trained


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.filters": (3, 3, 5)}, "conv2/bias is .4. and not .3."),
        ({"model.filters": (3, 4, 5, 5)}, "there is no .*/conv4/"),
        ({"model.hidden_units": 5}, "embedding/kernel is .6, 5. and not .5, 5."),
        ({"model.key_dim": 6}, "key_embedding/embedding/bias is .5. and not .6."),
        ({"model.latent_dim": 4}, "bias is .3. and not .4.|parameters/bias is .6. and not .8."),
    ],
)
def test_what_is_not_wider_in_hidden_units_alone_is_refused(tmp_path, change, message):
    small = replace_options(CONFIG, CONV)
    path = export_saved_model(random_model(small, seed=0), small, tmp_path)
    other = random_model(replace_options(small, change), seed=1)
    before = other.get_weights()
    with pytest.raises(CheckpointError, match=f"expected the architecture of the model.*{message}"):
        start_from(other, path)
    for found, expected in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)
