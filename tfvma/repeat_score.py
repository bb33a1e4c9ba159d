"""What `score` gives, computed anew from the primitives of a SavedModel.

The model card shows this function: it needs NumPy and TensorFlow and nothing of tfvma.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def repeat_score(signatures, x, memory, num_samples, seed):
    """The outputs of `score`, from `address`, `latent_prior`, `latent_posterior` and `decode`.

    `memory` is None where it is learned; `memory` is then a signature too.
    """

    def call(name, **inputs):
        tensors = {key: tf.constant(value, tf.float32) for key, value in inputs.items()}
        outputs = signatures[name](**tensors)
        return {key: np.asarray(value, np.float64) for key, value in outputs.items()}

    def read(a):
        if memory is not None:
            return memory[a]
        return signatures["memory"](index=tf.constant(a, tf.int32))["entry"].numpy()

    def bits(shape, number, dtype):
        noise_seed = tf.random.experimental.stateless_fold_in(seed, number, alg="philox")
        return tf.random.stateless_uniform(
            shape, noise_seed, minval=None, maxval=None, dtype=dtype, alg="philox"
        ).numpy()

    def log_normal(z, loc, scale):
        return -0.5 * np.sum(((z - loc) / scale) ** 2 + np.log(2 * np.pi * scale**2), axis=1)

    address = call("address", x=x, **({} if memory is None else {"memory": memory}))
    log_q, log_p = address["log_posterior"], address["log_prior"]
    rows = np.arange(len(x))
    us = ((bits([num_samples, len(x)], 0, tf.uint64) >> 12) + 0.5) / 2.0**52
    below = np.cumsum(np.exp(log_q), axis=1)
    log_weights, log_px, kl_latent = [], [], []
    for sample, u in enumerate(us):
        a = np.sum(below <= u[:, None] * below[:, -1:], axis=1)
        entry = read(a)
        q, p = call("latent_posterior", x=x, entry=entry), call("latent_prior", entry=entry)
        v = ((bits(q["loc"].shape, sample + 1, tf.uint32) >> 9) + 0.5) / 2.0**23
        z = q["loc"] + q["scale"] * tf.math.ndtri(v).numpy()
        logits = call("decode", z=z, entry=entry)["logits"]
        log_px.append(np.sum(x * logits - np.logaddexp(0, logits), axis=(1, 2, 3)))
        log_ratio_z = log_normal(z, **p) - log_normal(z, **q)
        log_weights.append(log_px[-1] + log_p[a] - log_q[rows, a] + log_ratio_z)
        ratio, shift = q["scale"] / p["scale"], (q["loc"] - p["loc"]) / p["scale"]
        kl_latent.append(np.sum((ratio**2 + shift**2 - 1) / 2 - np.log(ratio), axis=1))
    return {
        "log_likelihood": np.logaddexp.reduce(log_weights) - np.log(num_samples),
        "kl_address": np.sum(np.exp(log_q) * (log_q - log_p), axis=1),
        "kl_latent": np.mean(kl_latent, axis=0),
        "reconstruction": np.mean(log_px, axis=0),
    }
