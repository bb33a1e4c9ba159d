"""What Bornschein et al. (2017) print for what is measured here; nats and fractions."""

from __future__ import annotations

from tfvma.evaluation.protocols import AnyProtocol, Classification, FewShot, Nll, Recall

# Section 4.2, "Few-shot classification"; the model's number of examples is not stated.
_ACCURACY = {(5, 1): 0.91, (5, 5): 0.97, (20, 1): 0.77, (20, 5): 0.90}
# Section 4.1: what the bound approaches, the best that there is, log M: with 256 training images in
# memory in training, and with 2,048 test images in a test.
_RECALLED = {256: 5.55, 2_048: 7.62}
_RECALLED_WORDS = {
    256: "paper: approaches log 256 in training, with training images in memory",
    2_048: "paper: near log 2,048, with test images in memory",
}
# Section 4.1, learned memories of 64 to 1,024 entries, on training and test set alike.
_LEARNED_KL_A = 2.5
# Figure 4B, models trained with the fewest and the most examples per class, K = 4.
SHOTS_RANGES = {"nll": (75.1, 69.1), "kl_a": (2.0, 4.5), "kl_z": (28.2, 21.8)}
# Section 4.2: what the model with a memory "reaches up to"; with how many examples is not said.
BEST_NLL = 68.8


def paper_value(protocol: AnyProtocol, dataset: str, split: str, metric: str) -> float | None:
    """The figure printed for exactly this setting, or None."""
    if dataset == "binarized_mnist":
        if isinstance(protocol, Recall) and metric == "nll":
            return _RECALLED.get(protocol.memory_size)
        learned = isinstance(protocol, Nll) and metric == "kl_a" and split != "validation"
        return _LEARNED_KL_A if learned else None
    if (dataset, split) != ("omniglot26", "test") or not isinstance(protocol, Classification):
        return None
    return _ACCURACY.get((protocol.num_classes, protocol.shots))


def paper_note(protocol: AnyProtocol, dataset: str, split: str, metric: str) -> str:
    """What has to be known to read the paper's figure, or the nearest that it prints."""
    printed = paper_value(protocol, dataset, split, metric) is not None
    if printed and isinstance(protocol, Recall):
        return _RECALLED_WORDS[protocol.memory_size]
    if printed and isinstance(protocol, Nll):
        return "paper: 2.5 ± 0.3 for every size of the memory, on training and test set"
    if (dataset, split) != ("omniglot26", "test"):
        return ""
    if metric == "accuracy" and printed:
        return "the paper does not state the number of examples that its model was trained with"
    if metric == "accuracy_iw":
        return (
            "the paper describes this way to classify, with q(z|x, a) left out of the weights, and "
            "prints accuracies of q(a|x) alone"
        )
    if isinstance(protocol, FewShot) and protocol.num_classes == 8 and metric in SHOTS_RANGES:
        fewest, most = SHOTS_RANGES[metric]
        return (
            f"paper, K = 4: {fewest} to {most} with more and more examples per class; "
            f"none is printed for {protocol.shots} alone"
        )
    return ""
