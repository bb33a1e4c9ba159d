"""How much of what matters an index finds."""

from __future__ import annotations

import numpy as np

from tfvma.large_memory import KeyIndex

_TOP = 32


def recall_and_share(
    index: KeyIndex, queries: np.ndarray, keys: np.ndarray, count: int
) -> dict[str, float]:
    """Against all scores: what is found when `count` entries are asked for.

    Returns:
        recall_at_32: share of the 32 best entries that are among the 32 best found.
        share_of_q: sum of q(a | x) over the found, mean over the queries.
        kl_to_q: KL(q~ || q) = -log of that share, mean, in nats.
    """
    scores = np.float64(queries @ keys.T)
    best = np.argpartition(-scores, _TOP, axis=1)[:, :_TOP]
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    found = index.search(queries, count).numpy()
    recall = [np.isin(row, top).mean() for row, top in zip(found[:, :_TOP], best, strict=True)]
    share = np.array([p[row[row >= 0]].sum() for p, row in zip(probs, found, strict=True)])
    return {
        "recall_at_32": round(float(np.mean(recall)), 4),
        "share_of_q": round(float(share.mean()), 4),
        "kl_to_q": round(float(-np.log(share).mean()), 4),
    }
