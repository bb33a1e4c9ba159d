"""The first option in which two layers differ."""

from __future__ import annotations

import keras
import pytest

from tfvma.layer_options import differing_option
from tfvma.layers import Addressing, ConvDecoder, ConvEmbedding, MLPEmbedding


def addressing(**options) -> Addressing:
    return Addressing(
        ConvEmbedding(3, (4, 6), hidden_units=5, name="key_embedding"),
        **{"similarity": "inner", **options},
    )


def test_names_and_precision_are_no_difference():
    one, other = addressing(name="one"), addressing(name="other", dtype="mixed_bfloat16")
    assert differing_option(one, other, "addressing") == ""


def test_a_reloaded_layer_is_the_same():
    layer = addressing()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert differing_option(again, layer, "addressing") == ""


class Unsaid(MLPEmbedding):
    """Takes what Keras does not write down."""

    def __init__(self, function):
        super().__init__(3, (4,))
        self.function = function

    get_config = keras.layers.Layer.get_config


def test_a_layer_that_does_not_say_what_it_is_differs():
    layer = Addressing(Unsaid(max), similarity="inner")
    assert differing_option(layer, addressing(), "addressing") == (
        "addressing holds a layer without get_config"
    )


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (addressing(similarity="cosine"), "layer.similarity is 'inner' and not 'cosine'"),
        (
            Addressing(ConvEmbedding(3, (4, 7), hidden_units=5), similarity="inner"),
            "layer.key_embedding.filters[1] is 6 and not 7",
        ),
        (
            Addressing(MLPEmbedding(3, (4,)), similarity="inner"),
            "layer.key_embedding.class_name is 'ConvEmbedding' and not 'MLPEmbedding'",
        ),
        (ConvDecoder(6, 2, (4, 6)), "layer is Addressing and not ConvDecoder"),
    ],
)
def test_the_first_difference_is_named_by_its_path(other, said):
    assert differing_option(addressing(), other, "layer") == said
