"""SavedModels of tfvma, loaded with TensorFlow alone."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from tfvma import arguments
from tfvma.errors import CheckpointError, InvalidArgumentError
from tfvma.kinds import Kind, kind_with

_SAVED_MODEL_FILE = "saved_model.pb"
_EXPECTED = "expected a SavedModel of tfvma, or a folder that holds versions of one"
# What TensorFlow raises for files that are missing, cut short, or overwritten.
_DAMAGED = (OSError, ValueError, IndexError, tf.errors.OpError)


class Servable:
    """The functions of a SavedModel, called as those of the model that it was made from.

    Shapes, units and errors are those of the model. NumPy arrays will do for tensors. A
    memory is [M, H, W, C], or None where the model takes none.

    Args:
        loaded: what `tf.saved_model.load` gave.
        kind: what it is.
    """

    def __init__(self, loaded, kind: Kind):
        # Its variables live as long as it does.
        self._loaded = loaded
        self._signatures = loaded.signatures
        self.kind = kind
        self.image_shape: tuple[int, int, int] = self._shape_of("score", "x")
        (self.latent_dim,) = self._shape_of("decode", "z")

    @property
    def has_address(self) -> bool:
        return self.kind.has_address

    @property
    def takes_memory(self) -> bool:
        return self.kind.takes_memory

    def score(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """log_likelihood L_K, kl_latent and reconstruction, and with an address kl_address,
        each [B], in nats."""
        return self._signatures["score"](
            x=self._images("x", x),
            **self._given(memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def generate(self, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """images: pixel probabilities [K, H, W, C]; with an address, address: int32 [K]."""
        return self._signatures["generate"](
            **self._given(memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def reconstruct(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """images: pixel probabilities [K, B, H, W, C]; with an address, address: int32 [K, B]."""
        return self._signatures["reconstruct"](
            x=self._images("x", x),
            **self._given(memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def _images(self, name: str, value) -> tf.Tensor:
        return arguments.images(name, value, self.image_shape)

    def _given(self, memory) -> dict[str, tf.Tensor]:
        """The memory as an input of a signature, where there is one."""
        if self.takes_memory:
            return {"memory": self._images("memory", memory)}
        if memory is not None:
            raise InvalidArgumentError(
                f"memory of {type(memory).__name__}: expected None, the kind of this model is "
                f"{self.kind.name!r}, which takes none."
            )
        return {}

    def _shape_of(self, signature: str, name: str) -> tuple[int, ...]:
        """Of one row of an input."""
        inputs = self._signatures[signature].structured_input_signature[1]
        return tuple(inputs[name].shape[1:])


class AddressServable(Servable):
    """A SavedModel of VariationalMemoryAddressing, whose memory comes with every call or is
    learned."""

    def __init__(self, loaded, kind: Kind):
        super().__init__(loaded, kind)
        self.entry_shape: tuple[int, ...] = self._shape_of("decode", "entry")

    def address(self, x, memory=None) -> dict[str, tf.Tensor]:
        """log_posterior [B, M], log q(a | M, x), and log_prior [M], log p(a | M)."""
        return self._signatures["address"](x=self._images("x", x), **self._given(memory))

    def entry_at(self, index) -> dict[str, tf.Tensor]:
        """entry [N, ...]: the slots of a learned memory at `index`, int32 [N]."""
        if self.takes_memory:
            raise InvalidArgumentError(
                "entry_at: expected a model whose memory is learned; with this one it comes with "
                "every call."
            )
        index = arguments.indices("index", index, self._num_slots())
        return self._signatures["memory"](index=index)

    def latent_prior(self, entry) -> dict[str, tf.Tensor]:
        """loc and scale of p(z | m), [N, D], for entries [N, ...]."""
        return self._signatures["latent_prior"](entry=self._entry(entry))

    def latent_posterior(self, x, entry) -> dict[str, tf.Tensor]:
        """loc and scale of q(z | m, x), [N, D], for N pairs."""
        x, entry = self._images("x", x), self._entry(entry)
        x = arguments.paired("x", x, "entry", entry)
        return self._signatures["latent_posterior"](x=x, entry=entry)

    def decode(self, z, entry) -> dict[str, tf.Tensor]:
        """logits of p(x | z, m), [N, H, W, C], for z [N, D] and entries [N, ...]."""
        z, entry = arguments.rows("z", z, (self.latent_dim,)), self._entry(entry)
        return self._signatures["decode"](z=arguments.paired("z", z, "entry", entry), entry=entry)

    def classify(self, x, memory, memory_label, ways) -> dict[str, tf.Tensor]:
        """probabilities [B, ways]: q(a | x) summed over the entries of each label."""
        given, ways = self._given(memory), arguments.count("ways", ways)
        memory_label = arguments.labels("memory_label", memory_label, ways)
        slots = given["memory"] if self.takes_memory else tf.range(self._num_slots())
        memory_label = arguments.paired("memory_label", memory_label, "memory", slots)
        return self._signatures["classify"](
            x=self._images("x", x), **given, memory_label=memory_label, ways=ways
        )

    def _entry(self, value) -> tf.Tensor:
        if self.takes_memory:
            return self._images("entry", value)
        return arguments.rows("entry", value, self.entry_shape)

    def _num_slots(self) -> int:
        """M of a learned memory."""
        return self._signatures["address"].structured_outputs["log_prior"].shape[0]


class LatentServable(Servable):
    """A SavedModel of SoftAttentionVAE or VariationalAutoencoder."""

    def latent_prior(self, count) -> dict[str, tf.Tensor]:
        """loc and scale of p(z), `count` times, [N, D]."""
        return self._signatures["latent_prior"](count=arguments.count("count", count))

    def latent_posterior(self, x) -> dict[str, tf.Tensor]:
        """loc and scale of q(z | x), [N, D], for x [N, H, W, C]."""
        return self._signatures["latent_posterior"](x=self._images("x", x))

    def decode(self, z, memory=None) -> dict[str, tf.Tensor]:
        """logits of p(x | z), [N, H, W, C], for z [N, D]."""
        z = arguments.rows("z", z, (self.latent_dim,))
        return self._signatures["decode"](z=z, **self._given(memory))


def load_servable(path: str | os.PathLike) -> AddressServable | LatentServable:
    """Loads a SavedModel; what it is, its signatures tell.

    Args:
        path: savedmodels/NAME, of which the latest version is taken, or
            savedmodels/NAME/VERSION.

    Raises:
        CheckpointError: when it is missing, damaged, or no SavedModel of tfvma.
    """
    loaded, kind = load_saved_model(path)
    return (AddressServable if kind.has_address else LatentServable)(loaded, kind)


def load_saved_model(path: str | os.PathLike) -> tuple[Any, Kind]:
    """What `tf.saved_model.load` gives, and what it is.

    Its errors come in words; raises as `load_servable`.
    """
    folder = find_version(path)
    try:
        loaded = tf.saved_model.load(str(folder))
    except _DAMAGED as error:
        raise CheckpointError(
            f"path={str(folder)!r}: expected a SavedModel that is whole "
            f"({str(error).strip().partition(chr(10))[0]})."
        ) from error
    return loaded, _kind_with(
        folder,
        {
            name: function.structured_input_signature[1]
            for name, function in getattr(loaded, "signatures", {}).items()
        },
    )


def read_kind(saved_model: str | os.PathLike) -> Kind:
    """What the SavedModel savedmodels/NAME/VERSION is, without loading it.

    Raises CheckpointError as `load_servable` does.
    """
    path = Path(saved_model) / _SAVED_MODEL_FILE
    try:
        graphs = SavedModel.FromString(path.read_bytes()).meta_graphs
        found = {name: given.inputs for name, given in graphs[0].signature_def.items()}
    except (OSError, IndexError, DecodeError) as error:
        raise CheckpointError(f"path={str(saved_model)!r}: {_EXPECTED} ({error}).") from error
    return _kind_with(path.parent, found)


def _kind_with(folder: Path, signatures: Mapping[str, Collection[str]]) -> Kind:
    kind = kind_with(signatures)
    if kind is None:
        names = ", ".join(sorted(signatures)) or "none"
        raise CheckpointError(
            f"path={str(folder)!r}: {_EXPECTED}; its signatures ({names}), with their inputs, are "
            "those of no kind of model."
        )
    return kind


def find_version(path: str | os.PathLike) -> Path:
    """The folder of the SavedModel that `path` stands for; raises as `load_servable`."""
    folder = Path(path)
    if not folder.is_dir():
        raise CheckpointError(f"path={str(path)!r}: {_EXPECTED}; there is no such folder.")
    versions = list_versions(folder)
    if versions:
        return folder / str(versions[-1])
    if not (folder / _SAVED_MODEL_FILE).is_file():
        raise CheckpointError(f"path={str(path)!r}: {_EXPECTED}; found no {_SAVED_MODEL_FILE}.")
    return folder


def list_versions(home: Path) -> list[int]:
    """The versions in savedmodels/NAME, the latest one last."""
    if not home.is_dir():
        return []
    folders = (child.name for child in home.iterdir() if child.is_dir())
    return sorted(int(name) for name in folders if name.isdecimal() and str(int(name)) == name)
