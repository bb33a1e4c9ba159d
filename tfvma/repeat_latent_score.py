"""What `score` gives, computed anew from the primitives of a SavedModel without an address.

The model card shows this function: it needs NumPy and TensorFlow and nothing of tfvma.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def repeat_latent_score(signatures, x, memory, num_samples, seed):
    """The outputs of `score`, from `latent_prior`, `latent_posterior` and `decode`.

    `memory` is None where the model takes none.
    """
    given = {} if memory is None else {"memory": tf.constant(memory)}

    def in_float64(outputs):
        return {key: np.asarray(value, np.float64) for key, value in outputs.items()}

    def log_normal(z, loc, scale):
        return -0.5 * np.sum(((z - loc) / scale) ** 2 + np.log(2 * np.pi * scale**2), axis=1)

    q = in_float64(signatures["latent_posterior"](x=tf.constant(x)))
    p = in_float64(signatures["latent_prior"](count=tf.constant(len(x))))
    log_weights, log_px = [], []
    for sample in range(num_samples):
        noise_seed = tf.random.experimental.stateless_fold_in(seed, sample + 1, alg="philox")
        bits = tf.random.stateless_uniform(
            q["loc"].shape, noise_seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
        ).numpy()
        z = q["loc"] + q["scale"] * tf.math.ndtri(((bits >> 9) + 0.5) / 2.0**23).numpy()
        decoded = signatures["decode"](z=tf.constant(z, tf.float32), **given)
        logits = in_float64(decoded)["logits"]
        log_px.append(np.sum(x * logits - np.logaddexp(0, logits), axis=(1, 2, 3)))
        log_weights.append(log_px[-1] + log_normal(z, **p) - log_normal(z, **q))
    ratio, shift = q["scale"] / p["scale"], (q["loc"] - p["loc"]) / p["scale"]
    return {
        "log_likelihood": np.logaddexp.reduce(log_weights) - np.log(num_samples),
        "kl_latent": np.sum((ratio**2 + shift**2 - 1) / 2 - np.log(ratio), axis=1),
        "reconstruction": np.mean(log_px, axis=0),
    }
