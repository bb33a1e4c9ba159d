"""p(x | z, m_a) for images: upscaling with skip connections from the entry's pyramid."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfvma.errors import InvalidArgumentError
from tfvma.layers.conv_pyramid import check_filters, pyramid_sizes, pyramid_strides
from tfvma.validation import check_choice


@keras.saving.register_keras_serializable("tfvma")
class Upscale(keras.layers.Layer):
    """A 3x3 transposed convolution to a stated size, so that odd sizes need no cropping.

    Call: features [N, h, w, C] to [N, size, size, filters], ceil(size / stride) = h.

    Args:
        filters: feature maps of the output.
        size: its height and width.
        stride: 1 or 2.
        use_bias: whether it adds one.
        summands: how many layers like this one are added before a ReLU; they share the variance.

    Raises InvalidArgumentError for another stride, and when built for features of another size.
    """

    def __init__(
        self,
        filters: int,
        size: int,
        stride: int,
        use_bias: bool = True,
        summands: int = 2,
        **layer_options,
    ):
        super().__init__(**layer_options)
        check_choice("stride", stride, (1, 2))
        self.filters = filters
        self.size = size
        self.stride = stride
        self.use_bias = use_bias
        self.summands = summands

    def build(self, features_shape):
        side = math.ceil(self.size / self.stride)
        if tuple(features_shape[1:3]) != (side, side):
            raise InvalidArgumentError(
                f"features of shape {tuple(features_shape)}: expected {side}x{side}, which a "
                f"stride of {self.stride} makes {self.size}x{self.size}."
            )
        taps = 9 / self.stride**2
        self.kernel = self.add_weight(
            shape=(3, 3, self.filters, features_shape[-1]),
            # Each pixel is reached by so many taps; this variance keeps ReLU activations at one
            # scale (He et al. 2015).
            initializer=keras.initializers.RandomNormal(
                stddev=math.sqrt(2.0 / (self.summands * taps * features_shape[-1]))
            ),
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.built = True

    def call(self, features):
        upscaled = tf.nn.conv2d_transpose(
            features,
            tf.convert_to_tensor(self.kernel),
            [tf.shape(features)[0], self.size, self.size, self.filters],
            self.stride,
        )
        return tf.nn.bias_add(upscaled, self.bias) if self.use_bias else upscaled

    def compute_output_shape(self, features_shape):
        return features_shape[0], self.size, self.size, self.filters

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "size": self.size,
            "stride": self.stride,
            "use_bias": self.use_bias,
            "summands": self.summands,
        }


@keras.saving.register_keras_serializable("tfvma")
class ConvDecoder(keras.layers.Layer):
    """Maps z and the pyramid of m_a to pixel logits (paper, section 4.2).

    The top of the pyramid becomes a D-vector that joins z; each upscaling layer
    also reads the layer of the pyramid that has its input's size, and the last
    one the image itself. A convolution over [h, skip] is one of h plus one of
    skip, and the second depends on m_a alone: `condition` computes it once per
    entry, `from_condition` runs once per sample.

    Call: `z` [N, D], `features`, the list that ConvPyramid gives for the N
    entries, to float32 logits [N, H, W, 1].

    Args:
        image_size: H = W.
        latent_dim: D.
        filters, stride_first: those of the entry's pyramid, mirrored here.
        hidden_units: width of the hidden layer that maps the top to the D-vector.

    Raises InvalidArgumentError when built for the features of another pyramid.
    """

    def __init__(
        self,
        image_size: int = 26,
        latent_dim: int = 64,
        filters: tuple[int, ...] = (48, 48, 64, 64, 64, 64),
        stride_first: bool = True,
        hidden_units: int = 256,
        **layer_options,
    ):
        super().__init__(**layer_options)
        self.image_size = image_size
        self.latent_dim = latent_dim
        self.filters = check_filters(filters)
        self.stride_first = stride_first
        self.hidden_units = hidden_units

        strides = pyramid_strides(len(self.filters), stride_first)
        sizes = pyramid_sizes(image_size, strides)
        widths = (1, *self.filters[:-1])
        self.features_shape = [
            (size, size, width) for size, width in zip(sizes, (1, *self.filters), strict=True)
        ]
        self.top_size = sizes[-1]
        self.top_units = sizes[-1] ** 2 * self.filters[-1]

        policy = self.dtype_policy
        self.summary_hidden = keras.layers.Dense(
            hidden_units,
            "relu",
            kernel_initializer="he_normal",
            dtype=policy,
            name="summary_hidden",
        )
        self.summary = keras.layers.Dense(latent_dim, dtype=policy, name="summary")
        # Biases are in the part that runs once per entry.
        self.z_dense = keras.layers.Dense(
            self.top_units,
            use_bias=False,
            kernel_initializer="lecun_normal",
            dtype=policy,
            name="z_dense",
        )
        self.summary_dense = keras.layers.Dense(
            self.top_units, kernel_initializer="lecun_normal", dtype=policy, name="summary_dense"
        )
        levels = list(reversed(range(len(self.filters))))
        self.upscales = [
            Upscale(
                widths[i], sizes[i], strides[i], use_bias=False, dtype=policy, name=f"up{i + 1}"
            )
            for i in levels
        ]
        self.skips = [
            Upscale(widths[i], sizes[i], strides[i], dtype=policy, name=f"skip{i + 1}")
            for i in levels
        ]
        self.image_skip = Upscale(1, image_size, 1, use_bias=False, dtype=policy, name="image_skip")

    def build(self, z_shape, features_shape):
        found = [tuple(shape[1:]) for shape in features_shape]
        # The image of an entry may have more channels than one.
        if [found[0][:2], *found[1:]] != [self.features_shape[0][:2], *self.features_shape[1:]]:
            raise InvalidArgumentError(
                f"features of shapes {found}: expected {self.features_shape}, those of a pyramid "
                f"with image_size={self.image_size}, filters={self.filters} and "
                f"stride_first={self.stride_first}."
            )
        top = math.prod(features_shape[-1][1:])
        self.summary_hidden.build((None, top))
        self.summary.build((None, self.hidden_units))
        self.z_dense.build((None, self.latent_dim))
        self.summary_dense.build((None, self.latent_dim))
        for upscale, skip, shape in zip(
            self.upscales, self.skips, reversed(features_shape[1:]), strict=True
        ):
            upscale.build(shape)
            skip.build(shape)
        self.image_skip.build(features_shape[0])
        self.built = True

    def condition(self, features: list[tf.Tensor]) -> list[tf.Tensor]:
        """What the decoder reads of M entries: one [M, ...] tensor per layer."""
        return self.condition_from_contents(self.contents(features))

    def contents(self, features: list[tf.Tensor]) -> list[tf.Tensor]:
        """What M entries hold at every scale: what is made of the top, then the features."""
        top = features[-1]
        flat = tf.reshape(top, [-1, math.prod(top.shape[1:])])
        return [self.summary_dense(self.summary(self.summary_hidden(flat))), *features]

    def condition_from_contents(self, contents: list[tf.Tensor]) -> list[tf.Tensor]:
        """The affine part of `condition`: that of a weighted mean of contents is the
        weighted mean of their conditions."""
        summary, *features = contents
        condition = [summary]
        for skip, feature in zip(self.skips, reversed(features[1:]), strict=True):
            condition.append(skip(feature))
        condition[-1] += self.image_skip(features[0])
        return condition

    def from_condition(self, z: tf.Tensor, condition: list[tf.Tensor]) -> tf.Tensor:
        """Logits [N, H, W, 1] from z [N, D] and the condition of each sample's entry."""
        hidden = tf.nn.relu(self.z_dense(z) + condition[0])
        hidden = tf.reshape(hidden, [-1, self.top_size, self.top_size, self.filters[-1]])
        for upscale, skip in zip(self.upscales[:-1], condition[1:-1], strict=True):
            hidden = tf.nn.relu(upscale(hidden) + skip)
        logits = self.upscales[-1](hidden) + condition[-1]
        return tf.cast(logits, tf.float32)

    @property
    def logit_layers(self) -> list[keras.layers.Layer]:
        """What the logits are a sum of."""
        return [self.upscales[-1], self.skips[-1], self.image_skip]

    def call(self, z, features):
        return self.from_condition(z, self.condition(features))

    def compute_output_shape(self, z_shape, features_shape):
        return z_shape[0], self.image_size, self.image_size, 1

    def get_config(self):
        return {
            **super().get_config(),
            "image_size": self.image_size,
            "latent_dim": self.latent_dim,
            "filters": self.filters,
            "stride_first": self.stride_first,
            "hidden_units": self.hidden_units,
        }
