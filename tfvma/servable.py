"""SavedModels of tfvma, loaded with TensorFlow alone."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from tfvma import arguments
from tfvma.errors import CheckpointError

# Scoring is what a server is asked for by default.
DEFAULT_SIGNATURE = "score"
# Their inputs, by name.
SIGNATURES = {
    "address": ("x", "memory"),
    "latent_prior": ("entry",),
    "latent_posterior": ("x", "entry"),
    "decode": ("z", "entry"),
    "score": ("x", "memory", "num_samples", "seed"),
    "generate": ("memory", "num_samples", "seed"),
    "reconstruct": ("x", "memory", "num_samples", "seed"),
    "classify": ("x", "memory", "memory_label", "ways"),
}
# Servers ignore what lies in assets.extra.
TRAINING_FILE = Path("assets.extra", "training.json")
_SAVED_MODEL_FILE = "saved_model.pb"
_EXPECTED = "expected a SavedModel of tfvma, or a folder that holds versions of one"
# What TensorFlow raises for files that are missing, cut short, or overwritten.
_DAMAGED = (OSError, ValueError, IndexError, tf.errors.OpError)


@dataclass(frozen=True)
class Training:
    """How the weights of a SavedModel came about; None where it is not known."""

    steps: int | None = None
    minutes: float | None = None

    def after(self, earlier: Training) -> Training:
        """This training and the one whose weights it started from."""
        if None in (earlier.steps, earlier.minutes, self.steps, self.minutes):
            return Training()
        return Training(self.steps + earlier.steps, self.minutes + earlier.minutes)


class Servable:
    """The eight functions of a SavedModel, called as those of the model that it was made from.

    Shapes, units and errors are those of `VariationalMemoryAddressing`. NumPy arrays
    will do for tensors.

    Args:
        loaded: what `tf.saved_model.load` gave.
    """

    def __init__(self, loaded):
        # Its variables live as long as it does.
        self._loaded = loaded
        self._signatures = loaded.signatures
        inputs = self._signatures["decode"].structured_input_signature[1]
        self.image_shape: tuple[int, int, int] = tuple(inputs["entry"].shape[1:])
        self.latent_dim: int = inputs["z"].shape[1]

    def address(self, x, memory) -> dict[str, tf.Tensor]:
        """log_posterior [B, M], log q(a | M, x), and log_prior [M], log p(a | M)."""
        return self._signatures["address"](
            x=self._images("x", x), memory=self._images("memory", memory)
        )

    def latent_prior(self, entry) -> dict[str, tf.Tensor]:
        """loc and scale of p(z | m), [N, D], for entries [N, H, W, C]."""
        return self._signatures["latent_prior"](entry=self._images("entry", entry))

    def latent_posterior(self, x, entry) -> dict[str, tf.Tensor]:
        """loc and scale of q(z | m, x), [N, D], for N pairs."""
        x, entry = self._images("x", x), self._images("entry", entry)
        x = arguments.paired("x", x, "entry", entry)
        return self._signatures["latent_posterior"](x=x, entry=entry)

    def decode(self, z, entry) -> dict[str, tf.Tensor]:
        """logits of p(x | z, m), [N, H, W, C], for z [N, D] and entries [N, H, W, C]."""
        entry = self._images("entry", entry)
        z = arguments.paired("z", arguments.latents("z", z, self.latent_dim), "entry", entry)
        return self._signatures["decode"](z=z, entry=entry)

    def score(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """log_likelihood L_K, kl_address, kl_latent and reconstruction, each [B], in nats."""
        return self._signatures["score"](
            x=self._images("x", x),
            memory=self._images("memory", memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def generate(self, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """images: pixel probabilities [K, H, W, C]; address: int32 [K]."""
        return self._signatures["generate"](
            memory=self._images("memory", memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def reconstruct(self, x, memory, num_samples, seed) -> dict[str, tf.Tensor]:
        """images: pixel probabilities [K, B, H, W, C]; address: int32 [K, B]."""
        return self._signatures["reconstruct"](
            x=self._images("x", x),
            memory=self._images("memory", memory),
            num_samples=arguments.count("num_samples", num_samples),
            seed=arguments.seed(seed),
        )

    def classify(self, x, memory, memory_label, ways) -> dict[str, tf.Tensor]:
        """probabilities [B, ways]: q(a | x) summed over the entries of each label."""
        memory, ways = self._images("memory", memory), arguments.count("ways", ways)
        memory_label = arguments.labels("memory_label", memory_label, ways)
        return self._signatures["classify"](
            x=self._images("x", x),
            memory=memory,
            memory_label=arguments.paired("memory_label", memory_label, "memory", memory),
            ways=ways,
        )

    def _images(self, name: str, value) -> tf.Tensor:
        return arguments.images(name, value, self.image_shape)


def load_servable(path: str | os.PathLike) -> Servable:
    """Loads a SavedModel.

    Args:
        path: savedmodels/NAME, of which the latest version is taken, or
            savedmodels/NAME/VERSION.

    Raises:
        CheckpointError: when it is missing, damaged, or no SavedModel of tfvma.
    """
    return Servable(load_saved_model(path))


def load_saved_model(path: str | os.PathLike):
    """What `tf.saved_model.load` gives, with its errors in words; raises as `load_servable`."""
    folder = find_version(path)
    try:
        loaded = tf.saved_model.load(str(folder))
    except _DAMAGED as error:
        raise CheckpointError(
            f"path={str(folder)!r}: expected a SavedModel that is whole "
            f"({str(error).strip().partition(chr(10))[0]})."
        ) from error
    missing = [name for name in SIGNATURES if name not in getattr(loaded, "signatures", ())]
    if missing:
        raise CheckpointError(
            f"path={str(folder)!r}: {_EXPECTED}; this one has no signature {', '.join(missing)}."
        )
    return loaded


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


def read_training(saved_model: str | os.PathLike) -> Training:
    """How the weights of a SavedModel, savedmodels/NAME/VERSION, came about.

    Raises CheckpointError where the file that tells is damaged.
    """
    path = Path(saved_model) / TRAINING_FILE
    try:
        return Training(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Training()
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{path}: expected the steps and minutes of a training ({error})."
        ) from error
