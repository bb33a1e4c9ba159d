"""The architecture section of a model card."""

from __future__ import annotations

import textwrap

from tfvma.config import Config, ModelConfig
from tfvma.kinds import Kind
from tfvma.layers.conv_pyramid import pyramid_sizes, pyramid_strides

_SIMILARITIES = {
    "normalized": "`<e_m, e_x> / ||e_m||`, as in the paper",
    "inner": "the inner product",
    "cosine": "the cosine",
}
_PRIORS = {
    "learned": "a softmax of the same similarity with a learned query point",
    "flat": "flat",
}


def architecture(config: Config, kind: Kind) -> str:
    """What was chosen where the paper leaves a choice."""
    if config.model.network == "mlp":
        bullets = _mlp(config.model, kind)
    elif kind.has_address:
        bullets = _address(config.model)
    elif kind.takes_memory:
        bullets = _soft_attention(config.model)
    else:
        bullets = _vae(config.model)
    return "\n".join(
        (
            "## Architecture",
            "",
            "Where the paper leaves a choice, this is what was chosen.",
            "",
            *(wrapped(f"* {bullet}", indent="  ") for bullet in bullets),
        )
    )


def wrapped(text: str, indent: str = "") -> str:
    """The text in lines of at most 100 characters, all but the first indented."""
    return textwrap.fill(text, 100, subsequent_indent=indent, break_on_hyphens=False)


def _address(model: ModelConfig) -> tuple[str, ...]:
    return (
        f"{_pyramids(model)} The network of p(z | m) and the entry's side of p(x | z, m) share "
        "one pyramid; q(z | m, x), keys and queries have their own.",
        _hidden(model),
        *_learned(model, f"a {model.image_size}x{model.image_size} map, in the place of an image"),
        *_spaces(model),
        "q(z | m, x): a pyramid over x and m concatenated.",
        _decoder(model),
    )


def _mlp(model: ModelConfig, kind: Kind) -> tuple[str, ...]:
    first, second = model.units
    widths = (
        f"Every network has two dense layers with ReLU, {first} and {second} units, and the "
        f"decoder has {second} and {first}."
    )
    if not kind.has_address:
        return (
            widths,
            f"z: {model.latent_dim} dimensions, p(z) standard normal, q(z | x) diagonal normal.",
            "p(x | z): Bernoulli pixels.",
        )
    gain = model.entry_to_logits
    copied = f" A linear map of m, at first {gain:g} m, is added to the logits." if gain else ""
    return (
        widths,
        *_learned(model, "a vector"),
        *_spaces(model),
        "q(z | m, x): of x and m concatenated.",
        f"p(x | z, m): Bernoulli pixels, of z and m concatenated.{copied}",
    )


def _learned(model: ModelConfig, entry: str) -> tuple[str, ...]:
    """The memory, where the model has one of its own."""
    if model.memory_size == 0:
        return ()
    return (f"Memory: {model.memory_size:,} learned slots, each {entry}.",)


def _spaces(model: ModelConfig) -> tuple[str, ...]:
    """Of z and of keys."""
    tied = "the same network for both" if model.tied else "a network for each"
    return (
        f"z: {model.latent_dim} dimensions, diagonal normal. Keys: {model.key_dim} dimensions, "
        f"{tied}.",
        "q(a | M, x): softmax over the similarities of keys and query, "
        f"{_SIMILARITIES[model.similarity]}. p(a | M): {_PRIORS[model.prior]}.",
    )


def _soft_attention(model: ModelConfig) -> tuple[str, ...]:
    return (
        f"{_pyramids(model)} Keys and the entries' side of p(x | z, m) share one pyramid; "
        "q(z | x) has its own.",
        _hidden(model),
        f"z: {model.latent_dim} dimensions, p(z) standard normal, q(z | x) diagonal normal.",
        f"Weights w(z): softmax over the similarities of keys, {model.key_dim} dimensions, and a "
        f"query made of z by an MLP, {_SIMILARITIES[model.similarity]} with e_z in the place of "
        "e_x.",
        "m(z): the mean of what the slots hold at every scale, with these weights.",
        _decoder(model),
    )


def _vae(model: ModelConfig) -> tuple[str, ...]:
    return (
        f"{_pyramids(model)} q(z | x) is made of one.",
        _hidden(model),
        f"z: {model.latent_dim} dimensions, p(z) standard normal, q(z | x) diagonal normal.",
        "p(x | z): Bernoulli pixels. 3x3 transposed convolutions mirror the pyramid.",
    )


def _pyramids(model: ModelConfig) -> str:
    strides = pyramid_strides(len(model.filters), model.stride_first)
    sizes = pyramid_sizes(model.image_size, strides)
    strided = ", ".join(str(layer) for layer, stride in enumerate(strides, 1) if stride == 2)
    return (
        f"Pyramids: {len(model.filters)} convolutions, 3x3, ReLU, with "
        f"{', '.join(map(str, model.filters))} feature maps; stride 2 in layers {strided}; sides "
        f"{', '.join(map(str, sizes))}."
    )


def _hidden(model: ModelConfig) -> str:
    return f"Hidden layers of the MLPs: one, {model.hidden_units} units, ReLU."


def _decoder(model: ModelConfig) -> str:
    return (
        "p(x | z, m): Bernoulli pixels. The top of the entry's pyramid becomes a "
        f"{model.latent_dim}-vector that joins z; 3x3 transposed convolutions then mirror the "
        "pyramid, and each layer, the last one too, also reads the entry's features of its size."
    )
