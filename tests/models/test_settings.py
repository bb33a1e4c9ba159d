"""K, l2 and the seed, set on a model that has been used."""

from __future__ import annotations

import numpy as np
import pytest

from tests.models.tiny_vma import dataset, episode, tiny_model
from tfvma.errors import InvalidArgumentError


def compiled(**options):
    model = tiny_model(**options)
    model.compile(jit_compile=False)
    return model


def logs(model) -> dict[str, float]:
    return model.evaluate(dataset(episode()), verbose=0, return_dict=True)


def test_what_is_set_after_the_first_use_holds():
    """`evaluate`, `fit` and `predict` are traced when they are first called."""
    model = compiled(num_samples=2)
    logs(model)
    model.predict(dataset(episode()), verbose=0)
    model.num_samples, model.l2, model.seed = 5, 0.5, 7

    fresh = compiled(num_samples=5, l2=0.5, seed=7)
    assert logs(model) == pytest.approx(logs(fresh), rel=1e-6)
    found, expected = (m.predict(dataset(episode()), verbose=0) for m in (model, fresh))
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, err_msg=name)
    first, other = (m.fit(dataset(episode()), verbose=0).history["loss"] for m in (model, fresh))
    assert first == pytest.approx(other, rel=1e-6)
    assert model.get_config() == fresh.get_config()


def test_another_seed_begins_its_own_samples():
    model = compiled()
    first = logs(model)
    assert logs(model) != first
    model.seed = 1
    other = logs(model)
    assert other != first
    model.seed = 0
    assert logs(model) == first
    model.seed = 1
    assert logs(model) == other


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_samples", 0, "num_samples=0: expected at least 1"),
        ("num_samples", 1, "num_samples=1: expected at least 2"),
        ("l2", -1.0, "l2=-1.0: expected at least 0"),
        ("seed", -1, "seed=-1: expected 0 to"),
    ],
)
def test_what_cannot_be_set_changes_nothing(name, value, message):
    """VIMCO leaves one sample out, and needs another."""
    model = compiled()
    before = model.get_config()
    with pytest.raises(InvalidArgumentError, match=message):
        setattr(model, name, value)
    assert model.get_config() == before
