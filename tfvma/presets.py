"""Named experiments, one for each row that the package reproduces."""

from __future__ import annotations

import dataclasses

from tfvma.config import Config, EpisodeConfig, ModelConfig, TrainingConfig
from tfvma.validation import check_choice

_MNIST_BATCHES = EpisodeConfig(dataset="binarized_mnist", kind="images", targets=32)
_MNIST_MLP = ModelConfig(network="mlp", image_size=28, latent_dim=32)
_OMNIGLOT_BATCHES = EpisodeConfig(dataset="omniglot28", kind="images", targets=32)
_OMNIGLOT_SMALL = ModelConfig(image_size=28, filters=(32,) * 6)
# VIMCO with z doubly reparameterised is what the study of estimators prefers: of those with the
# lowest few-shot NLL after equal seconds its address is the best (docs/estimators.md). The paper's
# models and controls have VIMCO as the paper has it, which is
# --set training.latent_gradient=reparameterized here.
_LATENT_GRADIENT = "doubly_reparameterized"
# Of a model that starts from another's weights: no warm-up of the latent terms, which would take
# from z what it has learned.
_FINE_TUNING = TrainingConfig(
    steps=6_000,
    latent_gradient=_LATENT_GRADIENT,
    optimizer="muon",
    learning_rate=1e-3,
    learning_rate_warmup=200,
)
# The controls of section 4.2: an equal number of steps that a CPU can pay, from scratch. Without
# decay, at twice the rate, q(a | x) fell onto one slot with a flat p(a) and with the inner product;
# with the latter it still does.
_CONTROL = Config(
    name="omniglot26_control",
    training=TrainingConfig(
        steps=3_000,
        optimizer="muon",
        learning_rate=1e-3,
        weight_decay=0.1,
        latent_warmup=200,
    ),
)
_PRESETS = (
    # The paper's few-shot model (section 4.2), 45/5 alphabets.
    Config(
        name="omniglot26_vma_4shot",
        training=TrainingConfig(steps=40_000, latent_warmup=200),
    ),
    # The same with another optimizer: the shortest way to 80 nats.
    Config(
        name="omniglot26_vma_4shot_muon",
        training=TrainingConfig(
            steps=16_000,
            latent_gradient=_LATENT_GRADIENT,
            optimizer="muon",
            learning_rate=2e-3,
            latent_warmup=200,
        ),
    ),
    # The best that one command makes from scratch: one key for entries and queries, 16 characters
    # to tell apart, turned ones too, and half of them warped.
    Config(
        name="omniglot26_vma_4shot_augmented",
        episodes=EpisodeConfig(
            num_classes=16, targets_per_class=2, turned=True, warped_copies=1, warped_alike=True
        ),
        model=ModelConfig(tied=True),
        training=TrainingConfig(
            steps=16_000,
            latent_gradient=_LATENT_GRADIENT,
            optimizer="muon",
            learning_rate=2e-3,
            latent_warmup=200,
            weight_decay=0.1,
        ),
    ),
    # The paper's with fewer and more examples per class (figure 4B); 16 and 4 targets are all 20
    # drawings of a character. To be started from the model of 4, with --start-from
    # savedmodels/omniglot26_vma_4shot.
    *(
        Config(
            name=f"omniglot26_vma_{shots}shot",
            episodes=EpisodeConfig(shots=shots),
            training=_FINE_TUNING,
        )
        for shots in (1, 2, 8, 16)
    ),
    # That of 1 example with one key for entries and queries, and as many characters as targets.
    # To be started from the model of 1, whose h it takes.
    Config(
        name="omniglot26_vma_1shot_tied",
        episodes=EpisodeConfig(num_classes=32, targets_per_class=1, shots=1),
        model=ModelConfig(tied=True),
        training=_FINE_TUNING,
    ),
    # The controls: a reference, and the same with one choice of the paper's changed in each.
    _CONTROL,
    *(
        dataclasses.replace(
            _CONTROL, name=f"{_CONTROL.name}_{change}", model=ModelConfig(**{option: value})
        )
        for change, option, value in (
            ("flat", "prior", "flat"),
            ("inner", "similarity", "inner"),
            ("cosine", "similarity", "cosine"),
            ("tied", "tied", True),
        )
    ),
    # Minibatches stay at 32 targets, so that each is of another character.
    dataclasses.replace(
        _CONTROL,
        name=f"{_CONTROL.name}_32classes",
        episodes=EpisodeConfig(num_classes=32, targets_per_class=1),
    ),
    # The baseline without a memory: 32 targets of 32 characters, as good as independent
    # drawings. One more of each is drawn, and not read.
    Config(
        name="omniglot26_vae",
        episodes=EpisodeConfig(num_classes=32, targets_per_class=1, shots=1),
        model=ModelConfig(family="vae"),
        training=TrainingConfig(steps=40_000, latent_warmup=200),
    ),
    # Longer, and on turned and warped drawings, as the models with a memory: what is left between
    # them is nearer to what the memory is worth.
    Config(
        name="omniglot26_vae_augmented",
        episodes=EpisodeConfig(
            num_classes=32,
            targets_per_class=1,
            shots=1,
            turned=True,
            warped_copies=1,
            warped_alike=True,
        ),
        model=ModelConfig(family="vae"),
        training=TrainingConfig(
            steps=32_000,
            optimizer="muon",
            learning_rate=2e-3,
            latent_warmup=200,
            weight_decay=0.1,
        ),
    ),
    # The baseline with soft attention, one sample as in the paper. 16 of the 20 drawings of a
    # character are in memory, which leaves 4 as targets: 8 of two characters in all.
    Config(
        name="omniglot26_soft",
        episodes=EpisodeConfig(num_classes=2, targets_per_class=4, shots=16),
        model=ModelConfig(family="soft_attention"),
        training=TrainingConfig(steps=100_000, num_samples=1, latent_warmup=1_000),
    ),
    # The model of table 1, on the split of Generative Matching Networks: smaller and with decay,
    # since there are fewer characters. The paper does not say how much smaller; its other small
    # network has 32 feature maps. Nor does it say what episodes it was trained on.
    Config(
        name="gmn_vma",
        episodes=EpisodeConfig(dataset="gmn"),
        model=dataclasses.replace(_OMNIGLOT_SMALL, hidden_units=128),
        training=TrainingConfig(steps=40_000, latent_warmup=200, l2=3e-4),
    ),
    # As large as the models of 45/5 alphabets. To be started from the smaller one, with
    # --start-from savedmodels/gmn_vma: wider layers can take the weights of narrower ones. Table 1
    # has K = 1,000 and up to 19 examples: with K = 16 in training, more of a step comes from the
    # example that is most like the target than with 4.
    Config(
        name="gmn_vma_large",
        episodes=EpisodeConfig(
            dataset="gmn",
            num_classes=8,
            targets_per_class=1,
            shots=19,
            varied_shots=(2, 4, 9, 19),
        ),
        model=ModelConfig(image_size=28),
        training=dataclasses.replace(
            _FINE_TUNING, steps=18_000, num_samples=16, learning_rate=5e-4
        ),
    ),
    # MNIST with the paper's MLPs (section 4.1): recall of one of 256 random digits.
    Config(
        name="mnist_recall256",
        episodes=EpisodeConfig(
            dataset="binarized_mnist", kind="recall", targets=32, memory_size=256
        ),
        model=_MNIST_MLP,
        training=TrainingConfig(steps=100_000, schedule="constant"),
    ),
    # A memory whose entries are learned with the rest, of five sizes.
    *(
        Config(
            name=f"mnist_learned{memory_size}",
            episodes=_MNIST_BATCHES,
            model=dataclasses.replace(_MNIST_MLP, memory_size=memory_size),
            training=TrainingConfig(steps=100_000),
        )
        for memory_size in (64, 128, 256, 512, 1_024)
    ),
    # Their baseline without a memory.
    Config(
        name="mnist_vae",
        episodes=_MNIST_BATCHES,
        model=dataclasses.replace(_MNIST_MLP, family="vae"),
        training=TrainingConfig(steps=100_000),
    ),
    # Omniglot at 28x28 with a learned memory, regularised (section 4.2): all but the memory.
    Config(
        name="omniglot28_learned256",
        episodes=_OMNIGLOT_BATCHES,
        model=dataclasses.replace(_OMNIGLOT_SMALL, memory_size=256),
        training=TrainingConfig(steps=100_000, latent_warmup=200, l2=3e-4),
    ),
    # What teaches the same network to find an entry without a label: the one of 64 images that the
    # target is, warped a little. From its weights a learned memory of 2,048 had a KL(a) of 5 nats
    # within 100 steps, and stayed at 3.5 from others.
    Config(
        name="omniglot28_recall64",
        episodes=EpisodeConfig(
            dataset="omniglot28", kind="recall", targets=32, memory_size=64, warped_targets=True
        ),
        model=_OMNIGLOT_SMALL,
        training=dataclasses.replace(_FINE_TUNING, steps=2_000, learning_rate=2e-3),
    ),
    # A larger memory, unregularised. Each training image is drawn anew whenever it is used, and
    # cannot be learned by heart.
    Config(
        name="omniglot28_learned2048",
        episodes=_OMNIGLOT_BATCHES,
        model=dataclasses.replace(_OMNIGLOT_SMALL, memory_size=2_048),
        training=TrainingConfig(steps=100_000, latent_warmup=200),
    ),
    # The same where it can, and a larger network: the one that overfits. More targets, since most
    # of a step are the slots.
    Config(
        name="omniglot28_static_learned2048",
        episodes=dataclasses.replace(_OMNIGLOT_BATCHES, dataset="omniglot28_static", targets=256),
        model=dataclasses.replace(_OMNIGLOT_SMALL, memory_size=2_048, hidden_units=1_024),
        training=TrainingConfig(steps=100_000, latent_warmup=200),
    ),
    # The baselines without a memory, of the size of either.
    Config(
        name="omniglot28_vae",
        episodes=_OMNIGLOT_BATCHES,
        model=dataclasses.replace(_OMNIGLOT_SMALL, family="vae"),
        training=TrainingConfig(steps=100_000, latent_warmup=200),
    ),
    Config(
        name="omniglot28_static_vae",
        episodes=dataclasses.replace(_OMNIGLOT_BATCHES, dataset="omniglot28_static", targets=256),
        model=dataclasses.replace(_OMNIGLOT_SMALL, family="vae", hidden_units=1_024),
        training=TrainingConfig(steps=100_000, latent_warmup=200),
    ),
    # A small one on characters made on the spot: what `make demo` trains.
    Config(
        name="strokes_vma_4shot",
        episodes=EpisodeConfig(dataset="strokes"),
        model=ModelConfig(filters=(24, 24, 32, 32, 32, 32), hidden_units=128, latent_dim=32),
        training=TrainingConfig(
            steps=2_500,
            latent_gradient=_LATENT_GRADIENT,
            learning_rate=1e-3,
            latent_warmup=200,
            ema_momentum=0.99,
        ),
    ),
)
# What presets for fine-tuning start from: they have no warm-up of the latent terms, and rates and
# steps for weights that are good already.
STARTS = {
    **{f"omniglot26_vma_{shots}shot": "omniglot26_vma_4shot" for shots in (1, 2, 8, 16)},
    "omniglot26_vma_1shot_tied": "omniglot26_vma_1shot",
    "gmn_vma_large": "gmn_vma",
    "omniglot28_recall64": "omniglot28_learned256",
}
_BY_NAME = {preset.name: preset for preset in _PRESETS}


def preset_names() -> tuple[str, ...]:
    """The names that `get_preset` knows."""
    return tuple(_BY_NAME)


def get_preset(name: str) -> Config:
    """The experiment called `name`; raises InvalidArgumentError when there is none."""
    check_choice("preset", name, _BY_NAME)
    return _BY_NAME[name]
