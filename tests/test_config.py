from __future__ import annotations

import dataclasses
import json
import re

import pytest

from tfvma.config import (
    Config,
    ModelConfig,
    TrainingConfig,
    check_config,
    from_dict,
    option_types,
    options,
    replace_options,
    to_dict,
)
from tfvma.errors import InvalidArgumentError
from tfvma.overrides import apply_overrides
from tfvma.presets import get_preset, preset_names


@pytest.fixture
def config() -> Config:
    return Config(
        "some", model=ModelConfig(filters=(3, 5)), training=TrainingConfig(learning_rate=0.1)
    )


def test_json_round_trip(config):
    assert from_dict(json.loads(json.dumps(to_dict(config)))) == config


def test_options_that_a_file_lacks_take_their_defaults(config):
    values = to_dict(config)
    del values["intervals"], values["training"]["seed"]
    assert from_dict(values) == config


@pytest.mark.parametrize(
    ("section", "content", "message"),
    [
        ("training", {"stepps": 5}, r"training\.stepps=5: .*expected training\.steps"),
        ("training", {"steps": "5"}, r"training\.steps='5': expected a whole number"),
        ("training", {"steps": True}, r"training\.steps=True: expected a whole number"),
        ("training", {"learning_rate": float("nan")}, r"learning_rate=nan: expected a finite"),
        ("model", {"filters": [4, 4.5]}, r"model\.filters=\[4, 4\.5\]: expected whole numbers"),
        ("model", {"tied": 1}, r"model\.tied=1: expected true or false"),
        ("optimizer", "adam", r"optimizer='adam': there is no option"),
        ("optimizer", {}, r"optimizer=\{\}: there is no option"),
        ("model", None, r"model=None: expected a section with options"),
        ("training", {"learning_rate": 10**400}, r"learning_rate=10*: expected a finite number"),
    ],
)
def test_from_dict_names_what_does_not_fit(section, content, message):
    with pytest.raises(InvalidArgumentError, match=message):
        from_dict({"name": "some", section: content})


def test_a_file_from_before_there_were_families_is_of_the_first():
    values = to_dict(Config("some"))
    del values["model"]["family"]
    assert from_dict(values).model.family == "vma"


@pytest.mark.parametrize(
    ("family", "key", "value"),
    [
        ("vae", "training.estimator", "vimco_geometric"),
        ("vae", "model.key_dim", 7),
        ("vae", "model.similarity", "cosine"),
        ("soft_attention", "model.prior", "flat"),
        ("soft_attention", "model.tied", True),
    ],
)
def test_an_option_that_the_family_does_not_read_is_refused(family, key, value):
    check_config(replace_options(Config("some"), {key: value}))
    check_config(replace_options(Config("some"), {"model.family": family}))
    with pytest.raises(InvalidArgumentError, match=rf"{key}={value!r}: .*{family}.* not read"):
        check_config(replace_options(Config("some"), {"model.family": family, key: value}))


def test_from_dict_needs_a_name():
    with pytest.raises(InvalidArgumentError, match="name=None: expected a string"):
        from_dict({})


def test_options_and_their_types_have_the_same_keys(config):
    assert options(config).keys() == option_types().keys()
    assert option_types()["model.filters"] == tuple[int, ...]


def test_replace_options_leaves_the_rest(config):
    changed = replace_options(config, {"training.steps": 7, "training.l2": 1, "model.tied": True})
    expected = options(config) | {"training.steps": 7, "training.l2": 1.0, "model.tied": True}
    assert options(changed) == expected
    assert isinstance(changed.training.l2, float)


def test_overrides_are_typed_by_the_option(config):
    changed = apply_overrides(
        config,
        [
            "training.steps=40_000",
            "training.learning_rate=1e-4",
            "training.learning_rate=2",
            "model.filters=(24, 32)",
            "model.tied=True",
            "model.prior = flat",
        ],
    )
    assert changed.training == dataclasses.replace(config.training, steps=40_000, learning_rate=2.0)
    assert changed.model == dataclasses.replace(
        config.model, filters=(24, 32), tied=True, prior="flat"
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.steps=many", r"training\.steps='many': expected a whole number"),
        ("training.steps=1.5", r"training\.steps='1\.5': expected a whole number"),
        ("training.l2=", r"training\.l2='': expected a number"),
        ("training.l2=inf", r"training\.l2=inf: expected a finite number"),
        ("model.tied=yes", r"model\.tied='yes': expected true or false"),
        ("model.filters=4,x", r"model\.filters='4,x': expected whole numbers such as 24,32"),
        ("training.steps", r"'training\.steps': expected option=value"),
        ("steps=5", r"'steps'; expected training\.steps\."),
        ("training.learning_rat=5", r"expected training\.learning_rate"),
        ("qwxz=5", r"expected one of episodes\.dataset, "),
    ],
)
def test_overrides_that_cannot_be(config, override, message):
    with pytest.raises(InvalidArgumentError, match=message):
        apply_overrides(config, [override])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("episodes.shots", 0),
        ("training.steps", 0),
        ("training.learning_rate", 0.0),
        ("training.learning_rate_warmup", -1),
        ("training.weight_decay", -0.1),
        ("training.seed", -1),
        ("training.seed", 2**31),
        ("model.latent_dim", 0),
        ("model.key_dim", 0),
        ("model.hidden_units", -1),
        ("training.ema_momentum", 1.0),
        ("training.schedule", "step"),
        ("training.precision", "float16"),
        ("model.family", "gan"),
        ("intervals.checkpoint", -1),
    ],
)
def test_check_config_names_the_option(config, key, value):
    check_config(config)
    with pytest.raises(InvalidArgumentError, match=rf"^{key}={value!r}: expected"):
        check_config(replace_options(config, {key: value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("model.filters", (32,)), ("model.filters", (32, 0)), ("model.units", (32, 0))],
)
def test_check_config_names_widths(key, value):
    network = "mlp" if key == "model.units" else "conv"
    config = replace_options(Config("some"), {"model.network": network})
    with pytest.raises(
        InvalidArgumentError, match=rf"^{key}={re.escape(str(value))}: expected two"
    ):
        check_config(replace_options(config, {key: value}))


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_consistent(name):
    preset = get_preset(name)
    assert preset.name == name
    check_config(preset)
    assert from_dict(to_dict(preset)) == preset


RECALL = {"episodes.kind": "recall", "episodes.dataset": "binarized_mnist"}
IMAGES = {"episodes.kind": "images", "episodes.dataset": "omniglot28"}
LEARNED = {**IMAGES, "model.memory_size": 64}


@pytest.mark.parametrize(
    "values",
    [
        {**RECALL, "episodes.memory_size": 32},
        {**RECALL, "model.network": "mlp", "model.entry_to_logits": 4.0},
        {"episodes.varied_shots": (1, 4)},
        LEARNED,
        {**LEARNED, "model.network": "mlp", "model.units": (8, 4)},
        {**IMAGES, "model.family": "vae"},
        {**IMAGES, "model.family": "vae", "model.network": "mlp"},
    ],
)
def test_combinations_that_work(values):
    check_config(replace_options(Config("some"), values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"episodes.kind": "plain"}, r"episodes\.kind='plain': expected one of"),
        (
            {"episodes.dataset": "omniglot28"},
            r"episodes\.dataset='omniglot28': expected one of 'gmn', 'omniglot26', ",
        ),
        (
            {**RECALL, "episodes.dataset": "gmn"},
            r"episodes\.dataset='gmn': expected one of 'binarized_mnist', 'omniglot28', ",
        ),
        ({"model.similarity": "dot"}, r"model\.similarity='dot': expected one of 'cosine', 'inner"),
        ({"model.prior": "flt"}, r"model\.prior='flt': expected one of 'flat', 'learned'"),
        ({"training.backward": "one"}, r"training\.backward='one': expected one of 'all_samples"),
        ({"training.latent_gradient": "fixed"}, r"training\.latent_gradient='fixed': expected one"),
        ({"model.image_size": 0}, r"model\.image_size=0: expected at least 1"),
        ({"model.network": "rnn"}, r"model\.network='rnn': expected one of 'conv', 'mlp'"),
        ({"episodes.targets": 5}, r"episodes\.targets=5: expected 32, .*kind='few_shot'"),
        ({**RECALL, "episodes.shots": 2}, r"episodes\.shots=2: expected 4, .*kind='recall'"),
        ({**RECALL, "episodes.turned": True}, r"episodes\.turned=True: .*kind='recall'"),
        ({**RECALL, "episodes.warped_copies": 1}, r"episodes\.warped_copies=1: .*kind='recall'"),
        (
            {"episodes.dataset": "strokes", "episodes.warped_copies": 1},
            r"episodes\.dataset='strokes': expected one of 'gmn', 'omniglot26', 'omniglot26_t",
        ),
        (
            {"episodes.warped_alike": True},
            r"episodes\.warped_alike=True: .* episodes\.warped_copies=0",
        ),
        (
            {"episodes.warped_targets": True},
            r"episodes\.warped_targets=True: .*episodes\.kind='few_shot'",
        ),
        ({"episodes.warped_copies": -1}, r"episodes\.warped_copies=-1: expected at least 0"),
        (
            {**RECALL, "episodes.varied_shots": (1,)},
            r"episodes\.varied_shots=\(1,\): expected \(\), .*kind='recall'",
        ),
        (
            {"episodes.varied_shots": (1, 5)},
            r"episodes\.varied_shots=\(1, 5\): .* different numbers from 1 to episodes\.shots=4",
        ),
        ({"episodes.varied_shots": (0, 4)}, r"episodes\.varied_shots=\(0, 4\): expected two or"),
        ({"episodes.varied_shots": (2,)}, r"episodes\.varied_shots=\(2,\): expected two or more"),
        ({"episodes.varied_shots": (1, 2, 1)}, r"episodes\.varied_shots=\(1, 2, 1\): expected"),
        (
            {"model.family": "vae", "episodes.varied_shots": (1, 2)},
            r"episodes\.varied_shots=\(1, 2\): expected \(\), .*family='vae'",
        ),
        ({**LEARNED, "episodes.memory_size": 9}, r"episodes\.memory_size=9: .*kind='images'"),
        ({"model.units": (8, 4)}, r"model\.units=\(8, 4\): .*network='conv'"),
        ({"model.entry_to_logits": 4.0}, r"model\.entry_to_logits=4.0: .*network='conv'"),
        (
            {**RECALL, "model.network": "mlp", "model.filters": (3,)},
            r"model\.filters=\(3,\): .*network='mlp'",
        ),
        (
            {**RECALL, "model.network": "mlp", "model.units": (3,)},
            r"model\.units=\(3,\): expected two widths",
        ),
        (
            {**IMAGES, "model.family": "vae", "model.memory_size": 3},
            r"model\.memory_size=3: expected 0, .*family='vae'",
        ),
        (
            {**RECALL, "episodes.targets": 300},
            r"episodes\.targets=300: expected at most episodes\.memory_size=256",
        ),
        (
            {**RECALL, "model.memory_size": 4},
            r"episodes\.kind='recall': expected 'images' with model\.memory_size=4",
        ),
        (IMAGES, r"episodes\.kind='images': expected 'few_shot' or 'recall'"),
        (
            {**IMAGES, "model.family": "soft_attention"},
            r"episodes\.kind='images': .*model\.family='soft_attention'",
        ),
        (
            {**RECALL, "model.family": "soft_attention", "model.network": "mlp"},
            r"model\.network='mlp': expected 'conv' with model\.family='soft_attention'",
        ),
        ({"model.memory_size": -1}, r"model\.memory_size=-1: expected at least 0"),
    ],
)
def test_combinations_that_leave_something_out(values, message):
    with pytest.raises(InvalidArgumentError, match=message):
        check_config(replace_options(Config("some"), values))
