"""Every estimator in the model: it trains, and reports what is true of its proposals."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models.tiny_vma import episode, fit_once, tiny_model
from tfvma import bounds, estimators
from tfvma.errors import InvalidArgumentError
from tfvma.estimators import Estimator, Exact, Proposal, Relaxed, StraightThrough, WakeWake
from tfvma.models.latent_path import LatentPath
from tfvma.models.relaxed import infer_relaxed
from tfvma.models.vma import BACKWARD

SEEDS = ((3, 4), (5, 6))


def episodes():
    return tf.data.Dataset.from_tensors(episode()).repeat()


@pytest.mark.parametrize("name", estimators.NAMES)
def test_every_estimator_moves_every_layer(name):
    model = tiny_model(num_samples=2)
    model.compile(keras.optimizers.SGD(0.1), estimator=name)
    before = {weight.path: np.array(weight) for weight in model.trainable_weights}
    history = model.fit(episodes(), steps_per_epoch=2, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    for weight in model.trainable_weights:
        if "bias" not in weight.path:
            assert np.any(np.array(weight) != before[weight.path]), weight.path


@pytest.mark.parametrize("name", ["vimco", "exact", "concrete", "marginal_top_k", "nvil"])
def test_doubly_reparameterized_in_the_model(name):
    """In slices too: the factor of each target is its own."""
    moved = []
    for slices in (1, 2):
        model = tiny_model(num_samples=2)
        model.compile(
            keras.optimizers.SGD(0.1),
            estimator=name,
            latent_gradient="doubly_reparameterized",
            slices=slices,
        )
        model.fit(episodes(), steps_per_epoch=1, epochs=1, verbose=0)
        moved.append([np.array(weight) for weight in model.trainable_weights])
    for one, other in zip(*moved, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)

    plain = tiny_model(num_samples=2)
    plain.compile(keras.optimizers.SGD(0.1), estimator=name)
    plain.fit(episodes(), steps_per_epoch=1, epochs=1, verbose=0)
    different = {
        weight.path
        for weight, once in zip(plain.trainable_weights, moved[0], strict=True)
        if not np.allclose(weight, once, rtol=1e-4, atol=1e-6)
    }
    assert different
    if name != "concrete":  # Its mixtures lead gradients of z on to the address.
        assert all("posterior" in path for path in different)


def test_the_factor_of_z_knows_the_warm_up(monkeypatch):
    weights = []

    def spy(estimator, factor, latent_weight):
        weights.append(float(latent_weight))
        return factor

    monkeypatch.setattr(estimators.Vimco, "warm_factor", spy)
    for latent_warmup in (0, 2):
        model = tiny_model(num_samples=2)
        model.compile(keras.optimizers.SGD(0.1), latent_warmup=latent_warmup, run_eagerly=True)
        model.fit(episodes(), steps_per_epoch=3, epochs=1, verbose=0)
    assert weights == pytest.approx([1.0, 1.0, 1.0, 0.1, 0.55, 1.0])


@pytest.mark.parametrize("name", ["concrete", "straight_through"])
def test_the_temperature_is_that_of_the_step(monkeypatch, name):
    steps = []
    temperature_at = Relaxed.temperature_at

    def spy(estimator, step):
        steps.append(int(step))
        return temperature_at(estimator, step)

    monkeypatch.setattr(Relaxed, "temperature_at", spy)
    model = tiny_model(num_samples=2)
    model.compile(keras.optimizers.SGD(0.1), estimator=name, run_eagerly=True)
    model.fit(episodes(), steps_per_epoch=3, epochs=1, verbose=0)
    assert steps == [0, 1, 2]


def test_with_every_slot_the_bound_has_the_address_summed_out():
    model, e = tiny_model(), episode()
    found = model.infer(e["x"], e["memory"], 2, SEEDS, Exact())
    memory_size = e["memory"].shape[0]
    assert found.proposal.address.shape[0] == memory_size
    np.testing.assert_array_equal(found.proposal.address[:, 0], np.arange(memory_size))
    d = found.densities
    marginal = tf.reduce_logsumexp(d.log_pa + d.log_px + d.log_pz - d.log_qz, axis=0)
    bound = bounds.shared_bound(bounds.log_weights(*d), found.proposal.log_share)
    np.testing.assert_allclose(bound, marginal, rtol=1e-5)
    np.testing.assert_allclose(
        tf.exp(d.log_qa), tf.exp(tf.transpose(found.log_posterior)), rtol=1e-5
    )


def test_a_mixture_of_one_slot_is_the_read_of_that_slot():
    """Straight-through weights are one-hot: the relaxed read against the hard one."""
    model, e = tiny_model(num_samples=3), episode()
    mixed = infer_relaxed(model, e["x"], e["memory"], 3, SEEDS, StraightThrough(), 0, LatentPath())
    hard = model.infer(e["x"], e["memory"], 3, SEEDS)
    np.testing.assert_array_equal(mixed.proposal.address, hard.proposal.address)
    for one, other in zip(mixed.densities, hard.densities, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    for name in ("kl_a", "kl_z", "log_posterior"):
        np.testing.assert_allclose(getattr(mixed, name), getattr(hard, name), rtol=1e-4, atol=1e-5)


def test_what_concrete_reports_is_measured_at_slots():
    """At a temperature where a mixture is near the mean of all slots."""
    reports = []
    for name in ("concrete", "vimco"):
        model = tiny_model(num_samples=2)
        model.compile(keras.optimizers.SGD(0.0), estimator=name)
        history = model.fit(episodes(), steps_per_epoch=1, epochs=1, verbose=0).history
        reports.append({key: values[0] for key, values in history.items()})
    assert reports[0] == pytest.approx(reports[1], rel=1e-5)


def test_own_ways_of_z_are_not_overridden():
    model = tiny_model(num_samples=2)
    model.compile(estimator="wake_wake_joint")
    assert model.latent_gradient == "fixed"
    model.compile(estimator=WakeWake(latent="wake_reparameterized"))
    assert model.latent_gradient == "doubly_reparameterized"
    with pytest.raises(InvalidArgumentError, match="latent_gradient='doubly_rep.*WakeWake"):
        model.compile(estimator="wake_wake_joint", latent_gradient="doubly_reparameterized")
    with pytest.raises(InvalidArgumentError, match="latent_gradient='triply'"):
        model.compile(latent_gradient="triply")


def test_compile_config_keeps_estimator_and_latent_gradient():
    model = tiny_model(num_samples=2)
    model.compile(estimator="ovis", latent_gradient="doubly_reparameterized")
    again = tiny_model(num_samples=2)
    again.compile_from_config(model.get_compile_config())
    assert again.estimator.get_config() == {"gamma": 1.0}
    assert again.latent_gradient == "doubly_reparameterized"


@pytest.mark.parametrize("latent", ["bound", "wake", "wake_reparameterized"])
def test_own_ways_of_z_survive_a_saved_model(latent):
    model, again = tiny_model(num_samples=2), tiny_model(num_samples=2)
    model.compile(estimator=WakeWake(latent=latent))
    again.compile_from_config(model.get_compile_config())
    assert again.estimator.get_config() == model.estimator.get_config()
    assert again.latent_gradient == model.latent_gradient


class Mine(Estimator):
    """Gives what it is told to."""

    def __init__(self, surrogate):
        self._surrogate = surrogate

    def surrogate(self, densities, proposal=None, x=None):
        return self._surrogate(densities.log_px)


OTHER_SHAPES = {
    "[K, B]": (lambda log_px: log_px, r"\(2, 4\)"),
    "scalar": (tf.reduce_mean, r"\(\)"),
    "[K]": (lambda log_px: tf.reduce_mean(log_px, axis=1), r"\(2,\)"),
}


@pytest.mark.parametrize("backward", BACKWARD)
@pytest.mark.parametrize(("surrogate", "shape"), OTHER_SHAPES.values(), ids=OTHER_SHAPES)
def test_a_surrogate_of_another_shape_is_refused(surrogate, shape, backward):
    with pytest.raises(
        InvalidArgumentError,
        match=rf"surrogate of Mine: expected \[B\], here \(4,\), got shape {shape}",
    ):
        fit_once(tiny_model(), estimator=Mine(surrogate), backward=backward)


def test_a_surrogate_of_another_shape_is_refused_where_the_batch_is_not_known():
    model = tiny_model()
    model.compile(estimator=Mine(lambda log_px: log_px), jit_compile=False)
    unknown = {key: tf.TensorSpec([None, *v.shape[1:]]) for key, v in episode().items()}
    episodes = tf.data.Dataset.from_generator(lambda: iter([episode()]), output_signature=unknown)
    with pytest.raises(InvalidArgumentError, match=r"expected \[B\], here \(None,\), got shape"):
        model.fit(episodes, verbose=0)


def test_a_surrogate_that_is_no_tensor_is_refused():
    with pytest.raises(InvalidArgumentError, match=r"surrogate of Mine: expected .* got None"):
        fit_once(tiny_model(), estimator=Mine(lambda log_px: None))


class Proposing(Estimator):
    """Proposes what it is told to."""

    def __init__(self, proposal):
        self._proposal = proposal

    def propose(self, log_posterior, num_samples, seed):
        return self._proposal

    def surrogate(self, densities, proposal=None, x=None):
        return bounds.iw_bound(bounds.log_weights(*densities))


ADDRESS, SHARE = tf.zeros([2, 4], tf.int32), tf.zeros([2, 4])
OTHER_PROPOSALS = {
    "addresses alone": (ADDRESS, "EagerTensor"),
    "int64": (Proposal(tf.zeros([2, 4], tf.int64), SHARE), r"address int64 \(2, 4\)"),
    "[B]": (Proposal(ADDRESS[0], SHARE), r"address int32 \(4,\)"),
    "[B, S]": (Proposal(tf.transpose(ADDRESS), SHARE), r"address int32 \(4, 2\)"),
    "one share": (Proposal(ADDRESS, SHARE[0]), r"log_share float32 \(4,\)"),
    "fewer shares": (Proposal(ADDRESS, SHARE[:1]), r"address \(2, 4\) and log_share \(1, 4\)"),
    "fewer addresses": (Proposal(ADDRESS[:1], SHARE), r"address \(1, 4\) and log_share \(2, 4\)"),
    "a number": (Proposal(ADDRESS, -0.7), r"log_share -0\.7"),
}


@pytest.mark.parametrize("backward", BACKWARD)
@pytest.mark.parametrize(("proposal", "got"), OTHER_PROPOSALS.values(), ids=OTHER_PROPOSALS)
def test_a_proposal_of_another_shape_is_refused(proposal, got, backward):
    with pytest.raises(
        InvalidArgumentError,
        match=rf"proposal of Proposing: expected a Proposal with .* here B = 4, got {got}\.",
    ):
        fit_once(tiny_model(), estimator=Proposing(proposal), backward=backward)


def test_tracing_says_nothing(caplog):
    """AutoGraph warns of what it cannot read, and asks for a report."""
    model, e = tiny_model(num_samples=2), episode()
    model.compile(jit_compile=False)
    tf.function(lambda: model.gradients(e, SEEDS))()
    assert [record.message for record in caplog.records if "AutoGraph" in record.message] == []


def test_a_proposal_as_it_should_be_is_taken():
    logs = fit_once(tiny_model(), estimator=Proposing(Proposal(ADDRESS, SHARE - math.log(2.0))))
    assert math.isfinite(logs["iw_bound"])


def test_an_estimator_without_a_surrogate_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="estimator=Estimator: expected .*surrogate"):
        fit_once(tiny_model(), estimator=Estimator())
