"""What a run has learned by its end, measured once, with the weights that it ended with."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfvma.diagnostics.address_posterior import address_measures
from tfvma.diagnostics.diagnostics import NUM_LATENTS
from tfvma.diagnostics.every_address import AddressEnumerator
from tfvma.models.vma import VariationalMemoryAddressing
from tfvma.study.outcome import End
from tfvma.training.held_out import HeldOut, draw_held_out
from tfvma.training.load import load_trained
from tfvma.training.run import load_source

_SEED = 0
# Every slot is decoded for each target: not all held-out episodes.
_POSTERIOR_EPISODES = 2


def measure_end(folder: Path, data_dir: str | os.PathLike | None) -> End:
    """Measures the model in the folder of a run; raises as `load_trained` does."""
    model, config, _ = load_trained(folder)
    # XLA is slower here; see EpisodicModel.compile.
    model.compile(jit_compile=False)
    episodes = draw_held_out(config, load_source(config, "test", data_dir))
    measured = HeldOut(episodes, model).measure()
    return End(
        nll=-measured["iw_bound"],
        kl_a=measured["kl_a"],
        kl_z=measured["kl_z"],
        address_accuracy=measured["address_accuracy"],
        **_posterior(model, episodes),
    )


def _posterior(model: VariationalMemoryAddressing, episodes: tf.data.Dataset) -> dict[str, float]:
    every_address = AddressEnumerator(model, NUM_LATENTS)
    values: dict[str, list[float]] = {}
    for index, episode in enumerate(islice(episodes, _POSTERIOR_EPISODES)):
        every = every_address(episode["x"], episode["memory"], tf.constant([_SEED, index]))
        measures = address_measures(every.log_posterior, every.log_prior, every.log_joint)
        for name, value in measures.items():
            values.setdefault(name, []).append(value)
    return {name: float(np.mean(of_episodes)) for name, of_episodes in values.items()}
