"""A wider model computes what the narrower one did, and can learn more."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.test_restore_weights import CONFIG, SIZE, random_model
from tfvma.config import ModelConfig, replace_options
from tfvma.errors import CheckpointError
from tfvma.export import export_saved_model
from tfvma.layers.memory import LearnedMemory
from tfvma.models.build import build_model
from tfvma.restore_weights import start_from
from tfvma.widened import Top, widened

CONV = {"model.filters": (3, 4, 5)}
WIDER_CONV = {"model.filters": (4, 4, 7), "model.hidden_units": 9}
MLP = {"model.network": "mlp", "model.units": (7, 6)}
MLP |= {f"model.{name}": getattr(ModelConfig(), name) for name in ("filters", "hidden_units")}
WIDER_MLP = {"model.units": (15, 14)}
LEARNED = {"model.memory_size": 3, "episodes.kind": "images"}
LEARNED |= {"episodes.num_classes": 8, "episodes.targets_per_class": 4, "episodes.shots": 4}
# Odd sizes: 26, 13, 13, 7. The last has 49 cells, as has what dense layers read.
FAMILIES = [
    (CONV, WIDER_CONV),
    (CONV | {"model.family": "soft_attention"}, WIDER_CONV),
    (CONV | {"model.family": "vae", "model.key_dim": 128}, WIDER_CONV),
    (MLP, WIDER_MLP),
]
VARIANTS = [
    # One layer alone; the last one; and hidden units as many as what dense layers read.
    (CONV, {"model.filters": (3, 6, 5)}),
    (CONV, {"model.filters": (3, 4, 7)}),
    (CONV, WIDER_CONV | {"model.hidden_units": 49 * 7}),
    (CONV | LEARNED, WIDER_CONV),
    (MLP | {"model.entry_to_logits": 1.0}, WIDER_MLP),
    (MLP | {"model.family": "vae", "model.key_dim": 128}, WIDER_MLP),
]


def episodes_for(model) -> tf.data.Dataset:
    """One, of noise."""
    images = tf.constant(np.random.default_rng(0).random((8, SIZE, SIZE, 1)) < 0.3, tf.float32)
    memory = {} if isinstance(getattr(model, "memory", None), LearnedMemory) else {"memory": images}
    return tf.data.Dataset.from_tensors({"x": images[:3]} | memory)


def measured(model) -> dict[str, float]:
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    tf.random.set_seed(0)
    return model.evaluate(episodes_for(model), verbose=0, return_dict=True)


@pytest.mark.parametrize(("narrow", "wide"), FAMILIES + VARIANTS)
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


@pytest.mark.parametrize(("narrow", "wide"), FAMILIES)
def test_every_weight_that_reads_a_new_unit_has_a_gradient(tmp_path, narrow, wide):
    """New units that nobody read yet are read after a step."""
    small = replace_options(CONFIG, narrow | {"training.l2": 0.0})
    path = export_saved_model(random_model(small, seed=0), small, tmp_path)
    large = build_model(replace_options(small, wide))
    start_from(large, path)
    before = {weight.path: weight.numpy() for weight in large.weights}
    large.compile(keras.optimizers.SGD(1e-3), run_eagerly=True)
    large.fit(episodes_for(large), verbose=0)
    zeros = {path: value == 0.0 for path, value in before.items() if path.endswith("/kernel")}
    assert any(zero.any() for zero in zeros.values())
    for weight in large.weights:
        zero = zeros.get(weight.path)
        if zero is not None and zero.any():
            moved = weight.numpy()[zero]
            # Not all: of units that are off for all targets none does.
            assert np.all(np.isfinite(moved)) and np.any(moved != 0.0), weight.path


def test_dense_layers_read_old_channels_in_every_cell():
    trained = np.arange(1.0, 13.0, dtype=np.float32).reshape(6, 2)
    initial = np.full([9, 3], 0.5, np.float32)
    top = Top(cells=3, trained=2, initial=3)
    wide = widened("model/posterior/hidden/kernel", trained, initial, top)
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
    bias = widened("model/decoder/z_dense/bias", trained[:, 0], initial[:, 0], top)
    np.testing.assert_array_equal(bias, [1, 3, 0.5, 5, 7, 0.5, 9, 11, 0.5])


def test_transposed_convolutions_have_what_they_make_before_what_they_read():
    trained, initial = np.ones([3, 3, 2, 4], np.float32), np.full([3, 3, 3, 6], 0.5, np.float32)
    wide = widened("model/decoder/up2/kernel", trained, initial, top=Top(1, 1, 1))
    np.testing.assert_array_equal(wide[0, 0], [[1, 1, 1, 1, 0, 0]] * 2 + [[0.5] * 6])
    wide = widened("model/pyramid/conv2/kernel", trained, initial, top=Top(1, 1, 1))
    np.testing.assert_array_equal(wide[0, 0], [[1, 1, 1, 1, 0.5, 0.5]] * 2 + [[0] * 4 + [0.5] * 2])


def test_pixels_are_no_units(tmp_path):
    narrow = replace_options(CONFIG, MLP | {"model.family": "vae", "model.key_dim": 128})
    path = export_saved_model(random_model(narrow, seed=0), narrow, tmp_path)
    larger = replace_options(narrow, {"model.image_size": SIZE + 2, "episodes.dataset": "gmn"})
    with pytest.raises(CheckpointError, match="logits/bias is .676. and not .784."):
        start_from(build_model(larger), path)


def test_a_weight_of_the_same_shape_is_taken_whole():
    trained = np.random.default_rng(0).standard_normal([4, 5])
    assert widened("model/hidden/kernel", trained, np.zeros([4, 5]), top=Top(1, 5, 5)) is trained


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.filters": (3, 3, 5)}, "conv2/bias is .4. and not .3."),
        ({"model.filters": (3, 4, 5, 5)}, "there is no .*/conv4/"),
        ({"model.filters": (3, 4, 5), "model.stride_first": False}, "have 49 pixels and not 169"),
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
