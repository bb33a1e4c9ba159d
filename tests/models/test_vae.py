from __future__ import annotations

import pytest

from tests.models.tiny_latent import TARGETS, dataset, episode, images, tiny_model
from tfvma.errors import InvalidArgumentError
from tfvma.models.vae import VariationalAutoencoder


def test_episodes_may_have_a_memory_which_is_not_read():
    model = tiny_model("vae")
    assert isinstance(model, VariationalAutoencoder)
    assert not model.takes_memory
    with_memory = model(episode())
    model.seed_generator.state.assign(tiny_model("vae").seed_generator.state)
    assert model({"x": episode()["x"]}).numpy().tolist() == with_memory.numpy().tolist()
    model.compile(jit_compile=False, run_eagerly=True)
    model.fit(dataset({"x": images(TARGETS, 0)}), verbose=0)


def test_a_memory_that_is_handed_in_is_refused():
    with pytest.raises(InvalidArgumentError, match="memory of .*: expected None"):
        tiny_model("vae").score(images(1, 0), images(2, 1), 1, [0, 0])
