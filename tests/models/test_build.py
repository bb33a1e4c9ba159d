from __future__ import annotations

import pytest

from tests.models.tiny_latent import tiny_config
from tfvma.config import FAMILIES, Config, ModelConfig
from tfvma.errors import InvalidArgumentError
from tfvma.models import (
    SoftAttentionVAE,
    VariationalAutoencoder,
    VariationalMemoryAddressing,
    build_model,
)

CLASSES = {
    "vma": VariationalMemoryAddressing,
    "soft_attention": SoftAttentionVAE,
    "vae": VariationalAutoencoder,
}


def test_every_family_has_its_model():
    assert set(CLASSES) == set(FAMILIES)
    for family, kind in CLASSES.items():
        model = build_model(tiny_config(family, seed=7, l2=0.5))
        assert type(model) is kind
        assert (model.num_samples, model.seed, model.l2) == (3, 7, 0.5)


def test_an_unknown_family_is_named():
    with pytest.raises(InvalidArgumentError, match=r"model\.family='gan': expected one of"):
        build_model(Config("some", model=ModelConfig(family="gan")))
