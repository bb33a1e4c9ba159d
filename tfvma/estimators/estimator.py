"""What every gradient estimator takes and gives."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tfvma import bounds
from tfvma.bounds import log_num_samples
from tfvma.errors import InvalidArgumentError
from tfvma.sampling import sample_address, stratified_addresses


class LogDensities(NamedTuple):
    """Log densities at S samples (a_s, z_s) of each target, each [S, B], in nats.

    The addresses are those of a Proposal; z_s ~ q(z | x, a_s).
    """

    log_pa: tf.Tensor
    log_pz: tf.Tensor
    log_px: tf.Tensor
    log_qa: tf.Tensor
    log_qz: tf.Tensor


class LatentDensities(NamedTuple):
    """Log densities at z of S samples, each [S, B], in nats."""

    log_pz: tf.Tensor
    log_px: tf.Tensor
    log_qz: tf.Tensor


class Proposal(NamedTuple):
    """The addresses at which densities are wanted, S for each target.

    address: int32 [S, B].
    log_share: [S, B], the log of the share of q(a | x) that each address stands for:
        -log K for K samples of it, log q(a | x) where every slot is taken once. Shares of a
        target add up to 1, and sum_s share_s f(a_s) has the expectation of f under q.
    """

    address: tf.Tensor
    log_share: tf.Tensor


class Estimator:
    """Turns log densities into a surrogate whose gradient is the estimate.

    The value of a surrogate means nothing and is never reported. A subclass defines
    `surrogate`, and what else of the following it has of its own; with
    `keras.saving.register_keras_serializable` and `get_config`, a compiled model that is saved
    has it too. `compile(estimator=...)` takes an instance.

    Attributes:
        latent_gradient: how gradients pass z, see `tfvma.models.latent_path`.
        learns: whether it has variables of its own, which several replicas would not share.
        needs_memory_size: whether M has to be known when a step is traced.
    """

    latent_gradient = "reparameterized"
    learns = False
    needs_memory_size = False

    def check(self, num_samples: int, memory_size: int | None = None) -> None:
        """Raises InvalidArgumentError when K or M cannot work; M is None where not known."""

    def build(self, image_shape: tuple[int, int, int]) -> None:
        """Makes the variables, of the few estimators that have any; anew at each compilation."""

    @property
    def variables(self) -> list:
        """The state that a checkpoint keeps."""
        return []

    def propose(self, log_posterior: tf.Tensor, num_samples: int, seed) -> Proposal:
        """Where to evaluate: K samples of q(a | x), unless an estimator wants others.

        Args:
            log_posterior: log q(a | x), [B, M].
            num_samples: K.
            seed: int32 [2].
        """
        return independent_samples(log_posterior, num_samples, seed)

    def surrogate(
        self,
        densities: LogDensities,
        proposal: Proposal | None = None,
        x: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """[B]; its gradient estimates that of what is maximised.

        Args:
            densities: at the proposal's addresses.
            proposal: read by the estimators that make proposals of their own.
            x: the targets [B, H, W, C], read by estimators with a baseline of x.
        """
        raise NotImplementedError(
            f"estimator={type(self).__name__}: expected a subclass of Estimator that defines "
            "surrogate(densities, proposal, x), [B]."
        )

    def latent_factor(self, densities: LogDensities, proposal: Proposal | None = None) -> tf.Tensor:
        """What multiplies the gradient through each z once it is doubly reparameterised,
        [S, B]: for a bound of K weights the normalised weight (Tucker et al. 2018)."""
        return tf.nn.softmax(bounds.log_weights(*densities), axis=0)

    def warm_factor(self, factor: tf.Tensor, latent_weight: tf.Tensor) -> tf.Tensor:
        """`factor`, [S, B], where log p(z) - log q(z) have the weight beta, from 0 to 1.

        The score of q(z) that is reparameterised, and is what `factor` differs from 1 by, is
        then beta times as large: 1 - beta (1 - factor).
        """
        return 1.0 - latent_weight * (1.0 - factor)

    def get_config(self) -> dict:
        """The settings, such that `type(self)(**config)` is an equal estimator."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Estimator:
        """An estimator equal to the one whose settings these are."""
        return cls(**config)


def proposal_of(estimator: Estimator, log_posterior: tf.Tensor, num_samples: int, seed) -> Proposal:
    """`estimator.propose`, for arguments as there.

    Raises InvalidArgumentError where it is none of addresses int32 [S, B] with as many shares.
    """
    proposal = estimator.propose(log_posterior, num_samples, seed)
    got = type(proposal).__name__
    if isinstance(proposal, Proposal):
        got = _wrong_part(proposal, log_posterior)
    if got:
        raise InvalidArgumentError(
            f"proposal of {type(estimator).__name__}: expected a Proposal with address int32 "
            f"[S, B] and log_share [S, B], here B = {log_posterior.shape[0]}, got {got}."
        )
    return proposal


def _wrong_part(proposal: Proposal, log_posterior: tf.Tensor) -> str:
    """What in a proposal is not as it should be, in words; "" where all is."""
    address, log_share = proposal
    wanted = tf.TensorShape([None, log_posterior.shape[0]])
    for name, value, dtype in (
        ("address", address, tf.int32),
        ("log_share", log_share, log_posterior.dtype),
    ):
        if not tf.is_tensor(value):
            return f"{name} {value!r}"
        if value.dtype != dtype or not wanted.is_compatible_with(value.shape):
            return f"{name} {value.dtype.name} {value.shape}"
    if not address.shape.is_compatible_with(log_share.shape):
        return f"address {address.shape} and log_share {log_share.shape}"
    return ""


def surrogate_of(
    estimator: Estimator, densities: LogDensities, proposal: Proposal | None, x: tf.Tensor
) -> tf.Tensor:
    """`estimator.surrogate`, [B], for arguments as there.

    Raises InvalidArgumentError where it has another shape, of which a mean can be taken too.
    """
    surrogate = estimator.surrogate(densities, proposal, x)
    batch = densities.log_px.shape[1:]
    if not tf.is_tensor(surrogate) or not batch.is_compatible_with(surrogate.shape):
        got = f"shape {surrogate.shape}" if tf.is_tensor(surrogate) else repr(surrogate)
        raise InvalidArgumentError(
            f"surrogate of {type(estimator).__name__}: expected [B], here {batch}, got {got}."
        )
    return surrogate


def independent_samples(log_posterior: tf.Tensor, num_samples: int, seed) -> Proposal:
    """K independent samples of q(a | x) for each target."""
    address = sample_address(tf.stop_gradient(log_posterior), num_samples, seed)
    return Proposal(address, equal_shares(address, log_posterior.dtype))


def stratified_samples(log_posterior: tf.Tensor, num_samples: int, seed) -> Proposal:
    """One sample from each K-th part of q(a | x), for each target."""
    address = stratified_addresses(log_posterior, num_samples, seed)
    return Proposal(address, equal_shares(address, log_posterior.dtype))


# What "addresses" can be where no sample serves as the baseline of another.
ADDRESSES = {"independent": independent_samples, "stratified": stratified_samples}


def known_memory_size(log_posterior: tf.Tensor) -> int:
    """M of log q(a | x), [B, M].

    Raises InvalidArgumentError where it is known only when the graph runs.
    """
    memory_size = log_posterior.shape[-1]
    if memory_size is None:
        raise InvalidArgumentError(
            "memory of unknown size: expected a dataset whose element_spec has M in the shape of "
            "'memory', since this estimator reads all slots of a fixed number. Use "
            "tf.ensure_shape in the dataset, or an estimator that only samples, such as 'vimco'."
        )
    return memory_size


def equal_shares(address: tf.Tensor, dtype) -> tf.Tensor:
    """-log K for each of K samples, [K, B]."""
    zeros = tf.zeros(tf.shape(address), dtype)
    return tf.ensure_shape(zeros, address.shape) - log_num_samples(
        tf.ensure_shape(zeros, address.shape)
    )


def with_fixed_qa(densities: LogDensities) -> LogDensities:
    """The same densities, but log q(a | x) without its gradient."""
    return densities._replace(log_qa=tf.stop_gradient(densities.log_qa))
