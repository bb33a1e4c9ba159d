"""Good episodes pass unchanged; each kind of bad one gets its sentence."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfvma.data.check import check_episodes, clear_errors
from tfvma.errors import InvalidArgumentError

# Lengths of the labels of `episode`.
LABELS = {"x_label": 2, "memory_label": 3}


def images(count: int, size: int = 4) -> np.ndarray:
    return np.random.default_rng(count).random([count, size, size, 1], np.float32)


def episode(**changed) -> dict:
    return {"x": images(2), "memory": images(3), **changed}


def labelled(**changed) -> dict:
    labels = {key: np.arange(size) for key, size in LABELS.items()}
    return episode(**{**labels, **changed})


def changed(key: str, value: float) -> dict:
    result = episode()
    result[key][1, 2, 3, 0] = value
    return result


def dataset(*elements: dict) -> tf.data.Dataset:
    """Elements of which nothing is known beforehand but the rank."""
    return tf.data.Dataset.from_generator(
        lambda: iter(elements),
        output_signature={
            key: tf.TensorSpec([None] * np.ndim(value), np.asarray(value).dtype)
            for key, value in elements[0].items()
        },
    )


def test_good_episodes_pass_unchanged():
    edges = episode(x=np.array([0, 1] * 16, np.float32).reshape(2, 4, 4, 1))
    edges["label"] = np.array([7, -1], np.int32)
    source = tf.data.Dataset.from_tensors(edges)
    checked = check_episodes(source)
    assert checked.element_spec == source.element_spec
    (result,) = checked.as_numpy_iterator()
    assert sorted(result) == ["label", "memory", "x"]
    for key, value in edges.items():
        np.testing.assert_array_equal(result[key], value)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_labels_of_any_integer_dtype_pass_unchanged(dtype):
    labels = {key: np.arange(size).astype(dtype) for key, size in LABELS.items()}
    for source in (tf.data.Dataset.from_tensors(labelled(**labels)), dataset(labelled(**labels))):
        (result,) = check_episodes(source).as_numpy_iterator()
        for key, value in labels.items():
            np.testing.assert_array_equal(result[key], value)
            assert result[key].dtype == dtype


def test_labels_are_not_read_where_the_memory_is_learned():
    source = tf.data.Dataset.from_tensors({"x": images(2), "x_label": "a"})
    (result,) = check_episodes(source, with_memory=False)
    assert result["x_label"].numpy() == b"a"


def test_other_keys_may_hold_anything():
    extra = tf.ragged.constant([[1, 2], [3]])
    (result,) = check_episodes(tf.data.Dataset.from_tensors(episode(names="a", extra=extra)))
    assert result["names"].numpy() == b"a"
    assert result["extra"].to_list() == [[1, 2], [3]]


@pytest.mark.parametrize("count", [4, tf.data.INFINITE_CARDINALITY])
def test_cardinality_is_kept(count):
    source = tf.data.Dataset.from_tensors(episode()).repeat(count)
    assert check_episodes(source).cardinality() == count


def test_order_is_kept():
    source = tf.data.Dataset.range(50).map(lambda i: {**episode(), "index": i})
    assert [int(e["index"]) for e in check_episodes(source)] == list(range(50))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (episode(), r"dataset=\{'x': ndarray\(2, 4, 4, 1\), .*expected a tf.data.Dataset"),
        ([1.0], r"dataset=list\(float\): expected a tf.data.Dataset"),
        (None, "dataset=NoneType: expected a tf.data.Dataset"),
        (tf.data.Dataset.from_tensors((images(2), images(3))), r"elements tuple\(TensorSpec"),
        (tf.data.Dataset.from_tensors({"x": images(2)}), r"keys \['x'\]: no 'memory'"),
        (tf.data.Dataset.from_tensors({"memory": images(2)}), r"keys \['memory'\]: no 'x'"),
        (dataset(episode(x=images(2)[0])), r"x of float32 and shape \(None, None, None\)"),
        (dataset(episode(x=images(2).astype(np.float64))), "x of float64 and shape"),
        (dataset(episode(memory=np.ones([3, 4, 4, 1], np.uint8))), "memory of uint8 and shape"),
        (
            tf.data.Dataset.from_tensors(episode(x=tf.ragged.constant([[1.0]]))),
            "x=RaggedTensorSpec",
        ),
        (
            tf.data.Dataset.from_tensors(episode(memory=images(0))),
            r"memory of shape \(0, 4, 4, 1\) in the dataset is empty",
        ),
        (
            tf.data.Dataset.from_tensors(episode(memory=images(3, 5))),
            r"x with images of shape \(4, 4, 1\) and memory with images of shape \(5, 5, 1\)",
        ),
        (
            tf.data.Dataset.from_tensors(episode(x_label=np.arange(2))),
            r"keys \['memory', 'x', 'x_label'\]: 'x_label' alone; expected \"x_label\" \[B\] and",
        ),
        (
            tf.data.Dataset.from_tensors(episode(memory_label=np.arange(3))),
            "'memory_label' alone; expected",
        ),
        (
            tf.data.Dataset.from_tensors(labelled(memory_label=np.arange(2))),
            "memory_label of length 2 and memory of length 3 in the dataset: expected a label for",
        ),
        (
            tf.data.Dataset.from_tensors(labelled(x_label=np.arange(3))),
            "x_label of length 3 and x of length 2 in the dataset: expected a label for",
        ),
        (
            tf.data.Dataset.from_tensors(labelled(x_label=np.arange(2, dtype=np.int32))),
            "x_label of int32 and memory_label of int64 in the dataset: expected .* one integer",
        ),
        (dataset(labelled(x_label=np.ones(2))), r"x_label of float64 and shape \(None,\)"),
        (
            dataset(labelled(memory_label=np.ones([3, 1], np.int64))),
            r"memory_label of int64 and shape \(None, None\)",
        ),
        (
            tf.data.Dataset.from_tensors(labelled(x_label=tf.ragged.constant([[1], [2, 3]]))),
            "x_label=RaggedTensorSpec.* in the dataset: expected",
        ),
    ],
)
def test_wrong_structure_is_refused_at_once(found, message):
    with pytest.raises(InvalidArgumentError, match=message):
        check_episodes(found)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (episode(memory=images(0)), r"memory of shape \[0 4 4 1\] is empty"),
        (episode(x=images(0)), r"x of shape \[0 4 4 1\] is empty"),
        (
            episode(memory=images(3, 5)),
            r"x with images of shape \[4 4 1\] and memory with images of shape \[5 5 1\]: "
            "expected the same",
        ),
        (
            episode(x=np.zeros([2, 4, 4, 3], np.float32)),
            r"x with images of shape \[4 4 3\]: expected \[height, width, 1\]",
        ),
        (changed("x", np.nan), "x has 1 NaN and values from 0.* to 0.*: expected values in"),
        (changed("memory", -0.5), "memory has 0 NaN and values from -0.5 to 0.*: expected"),
        (changed("x", 255.0), "x has 0 NaN and values from 0.* to 255: expected"),
        (changed("memory", np.inf), "memory has 0 NaN and values from 0.* to inf: expected"),
        (
            episode(memory=np.full([3, 4, 4, 1], np.nan, np.float32)),
            "memory has nothing but NaN: expected",
        ),
        (
            labelled(memory_label=np.arange(2)),
            "memory_label of length 2 and memory of length 3: expected a label for each image",
        ),
        (
            labelled(x_label=np.arange(3)),
            "x_label of length 3 and x of length 2: expected a label for each image",
        ),
    ],
)
def test_wrong_contents_stop_at_the_first_bad_episode(bad, message):
    good = labelled() if "x_label" in bad else episode()
    checked = iter(check_episodes(dataset(good, bad)))
    next(checked)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"bad episode: {message}"):
        next(checked)


def test_the_size_that_the_model_was_made_for_is_known_and_kept():
    """Layers that flatten need it, and a generator need not say it."""
    good, bad = episode(), episode(x=images(2, 5), memory=images(3, 5))
    checked = check_episodes(dataset(good, bad), image_shape=(4, 4, 1))
    assert checked.element_spec["memory"].shape.as_list() == [None, 4, 4, 1]
    elements = iter(checked)
    next(elements)
    message = r"x with images of shape \[5 5 1\]: expected \(4, 4, 1\), the size that the model"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"bad episode: {message}"):
        next(elements)


def test_clear_errors_gives_the_sentence_alone():
    checked = check_episodes(dataset(changed("x", 255.0)))
    with pytest.raises(InvalidArgumentError) as caught, clear_errors():
        next(iter(checked))
    assert str(caught.value).startswith("bad episode: x has 0 NaN and values from 0.")
    assert str(caught.value).endswith(" to 255: expected values in [0, 1].")


def test_clear_errors_inside_a_compiled_loop():
    @tf.function
    def total(iterator):
        return tf.reduce_sum(next(iterator)["x"])

    checked = check_episodes(dataset(episode(memory=images(0))))
    with pytest.raises(InvalidArgumentError) as caught, clear_errors():
        total(iter(checked))
    assert str(caught.value) == (
        "bad episode: memory of shape [0 4 4 1] is empty: expected at least one image."
    )


def test_clear_errors_passes_other_errors():
    with pytest.raises(tf.errors.InvalidArgumentError, match="something else"), clear_errors():
        tf.debugging.Assert(tf.constant(False), ["something else"])
