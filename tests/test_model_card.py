"""The model card says what the configuration and the measured rows say."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import shlex

import pytest
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

import tfvma
from tfvma.command_line.train import configure, parser
from tfvma.config import Config, EpisodeConfig, ModelConfig, TrainingConfig, to_dict
from tfvma.errors import CheckpointError, OutputError
from tfvma.evaluation.metrics_file import Row, write_rows
from tfvma.kinds import KINDS
from tfvma.model_card import ModelCard, render, write_model_card
from tfvma.presets import get_preset, preset_names
from tfvma.repeat_latent_score import repeat_latent_score
from tfvma.repeat_score import repeat_score
from tfvma.trained_on import trained_on
from tfvma.training.provenance import Training
from tfvma.training_command import training_command

VMA, LEARNED, SOFT, VAE = KINDS
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
CONFIG = Config(
    name="mine",
    episodes=EpisodeConfig(num_classes=9, shots=3),
    model=ModelConfig(
        image_size=26, filters=(5, 6, 7), stride_first=False, hidden_units=77, latent_dim=11
    ),
    training=TrainingConfig(steps=5_000, seed=3, l2=3e-4),
)
ROW = Row(
    protocol="few_shot C=8 S=4 omniglot26/test",
    metric="nll",
    value=80.123,
    stderr=0.456,
    num_samples=1_000,
    targets=2_048,
    steps=4_000,
    minutes=90.0,
    version=tfvma.__version__,
    seed=0,
    paper=69.1,
    command="evaluate.py savedmodels/mine --protocol few_shot",
    note="trained with more examples",
)


def card(**changes) -> str:
    values = ModelCard(CONFIG, VMA, 3, Training(4_000, 90.0), [ROW], measured=True)
    return render(dataclasses.replace(values, **changes))


def test_architecture_is_that_of_the_configuration():
    text = " ".join(card().split())
    assert "3 convolutions, 3x3, ReLU, with 5, 6, 7 feature maps; stride 2 in layers 2;" in text
    assert "sides 26, 26, 13, 13." in text
    assert "one, 77 units" in text
    assert "z: 11 dimensions" in text
    first = dataclasses.replace(CONFIG.model, stride_first=True)
    other = card(config=dataclasses.replace(CONFIG, model=first))
    assert "stride 2 in layers 1, 3; sides 26, 13, 13, 7." in " ".join(other.split())


def test_training():
    text = " ".join(card().split())
    assert "4,000 of 5,000 steps in 90 minutes. Estimator vimco with K = 4;" in text
    assert "one episode of 9 characters with 4 targets and 3 other drawings in memory" in text
    varied = dataclasses.replace(CONFIG.episodes, varied_shots=(1, 2, 3))
    other = " ".join(card(config=dataclasses.replace(CONFIG, episodes=varied)).split())
    assert "and 1, 2 or 3 other drawings, how many drawn anew for each step, in memory" in other
    assert "L2 0.0003" in text
    assert "weight decay" not in text and "memory begun" not in text
    changed = dataclasses.replace(
        CONFIG.training,
        weight_decay=0.1,
        memory_start="images",
        backward="drawn_sample",
        sharpened_for=1_000,
    )
    other = " ".join(card(config=dataclasses.replace(CONFIG, training=changed)).split())
    assert (
        "weight decay 0.1; logits sharpened for K = 1,000; memory begun as images of the "
        "training set"
    ) in other
    assert "gradients through one drawn sample of each target; L2" in other
    assert "drawn sample" not in text
    turned = dataclasses.replace(CONFIG.episodes, turned=True)
    other = " ".join(card(config=dataclasses.replace(CONFIG, episodes=turned)).split())
    assert "9 characters, turned by a multiple of 90 degrees each, with 4 targets" in other
    both = dataclasses.replace(turned, warped_copies=3)
    other = " ".join(card(config=dataclasses.replace(CONFIG, episodes=both)).split())
    assert (
        "9 characters, turned by a multiple of 90 degrees each and 3 in 4 characters warped a "
        "little, with 4 targets"
    ) in other
    alike = dataclasses.replace(both, warped_alike=True)
    other = " ".join(card(config=dataclasses.replace(CONFIG, episodes=alike)).split())
    assert "warped a little, all drawings of a character alike, with 4 targets" in other
    vae = dataclasses.replace(CONFIG, episodes=both, model=ModelConfig(family="vae"))
    other = " ".join(card(config=vae, kind=VAE).split())
    assert "each and 3 in 4 drawings warped a little." in other


def test_warped_targets_are_told():
    config = get_preset("omniglot28_recall64")
    text = trained_on(config, VMA)
    assert text == "64 random images in memory, of which 32 are targets, warped a little"
    told = " ".join(card(config=config).split())
    assert "some of those in memory, warped a little" in told
    assert "looks things up" not in told
    plain = dataclasses.replace(config.episodes, warped_targets=False)
    text = trained_on(dataclasses.replace(config, episodes=plain), VMA)
    assert text == "64 random images in memory, of which 32 are targets"
    assert "looks things up" in card(config=dataclasses.replace(config, episodes=plain))


def test_fine_tuning_names_what_it_started_from():
    training = dataclasses.replace(
        CONFIG.training, optimizer="muon", start_from="savedmodels/mine/1"
    )
    config = dataclasses.replace(CONFIG, training=training)
    text = " ".join(card(config=config, training=Training(9_000, 150.0)).split())
    assert "9,000 steps in 150 minutes, those of savedmodels/mine/1 included. Estimator" in text
    assert "Muon, learning rate 0.0003" in text
    # The one before it was trained outside train.py.
    unknown = card(config=config, training=Training(stages=(config,)))
    assert (
        "5,000 steps after those of savedmodels/mine/1, whose number is not recorded. Estimator"
    ) in " ".join(unknown.split())


@kinds
def test_a_training_that_is_not_recorded_is_not_told(kind):
    """The configuration has its own steps, episodes and data, which nobody need have used."""
    text = " ".join(card(kind=kind, training=Training(), rows=[]).split())
    assert "trained outside train.py; how, and on which data, is not recorded." in text
    for claim in (
        "python train.py",
        "5,000",
        "Estimator",
        "It was trained with",
        "was never trained on",
        "has seen none",
        "## Data",
        "Omniglot",
        "characters",
    ):
        assert claim not in text, claim
    assert "memory M comes with every call." in text or not kind.takes_memory
    assert "11 dimensions" in text and "lower bound on log p(x" in text


@pytest.mark.parametrize(
    "config", [CONFIG, *map(get_preset, preset_names())], ids=lambda config: config.name
)
def test_training_command_gives_this_configuration(config):
    words = shlex.split(training_command(config))
    assert words[:2] == ["python", "train.py"]
    assert configure(parser().parse_args(words[2:])) == config


def test_training_command_keeps_the_settings_of_an_estimator():
    """Brackets and quotes would be the shell's."""
    chosen = "wake_wake(addresses='stratified')"
    training = dataclasses.replace(CONFIG.training, estimator=chosen)
    words = shlex.split(training_command(dataclasses.replace(CONFIG, training=training)))
    assert configure(parser().parse_args(words[2:])).training == training


def test_results_are_those_of_the_rows():
    text = card()
    assert "| NLL | 80.12 ± 0.46 | 69.1 | 1,000 | 2,048 |" in text
    assert "* few_shot C=8 S=4 omniglot26/test, NLL: trained with more examples." in text
    assert "    python evaluate.py savedmodels/mine --protocol few_shot" in text
    assert "earlier version" not in text
    assert "These were measured on an earlier version." in card(measured=False)
    assert "Not measured yet" in card(rows=[], measured=False)


def test_a_bar_in_a_name_ends_no_cell():
    text = card(rows=[dataclasses.replace(ROW, metric="entropy_qa_known", num_samples=None)])
    (line,) = (line for line in text.splitlines() if line.startswith("| entropy"))
    assert re.split(r"(?<!\\)\|", line)[1:3] == [
        r" entropy of q(a\|x), class in memory ",
        " 80.12 ± 0.46 ",
    ]


@kinds
def test_every_signature_is_described(kind):
    text = card(kind=kind)
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| `[a-z_]+`", line)]
    assert [cells[1].split("`")[1] for cells in rows] == list(kind.signatures)
    for cells, inputs in zip(rows, kind.signatures.values(), strict=True):
        shown = re.sub(r" \[.*?\]", "", cells[2]).strip().split(", ")
        assert shown == list(inputs)
    assert "[N,11]" in text and "[N,26,26,1]" in text
    assert 'tf.saved_model.load("3")' in text


@kinds
def test_the_example_gives_score_what_it_takes(kind):
    (call,) = re.findall(r'signatures\["score"\]\((.*?)\)\nprint', card(kind=kind), re.S)
    assert re.findall(r"(\w+)=", call) == list(kind.signatures["score"])


@kinds
def test_the_code_that_repeats_score_is_shown_whole(kind):
    function = repeat_score if kind.has_address else repeat_latent_score
    assert inspect.getsource(function) in card(kind=kind)


@kinds
def test_what_a_kind_does_not_have_is_not_spoken_of(kind):
    text = card(kind=kind, rows=[dataclasses.replace(ROW, note="")])
    assert ("baseline" in text) == (not kind.has_address)
    for word in ("Estimator", "classify", "kl_address", "KL(a)"):
        assert (word in text) == kind.has_address, word
    assert ("drawings in memory of each" in text) == kind.takes_memory


def preset_card(name: str, kind) -> str:
    config = get_preset(name)
    training = Training(stages=(config,))
    return " ".join(card(config=config, kind=kind, rows=[], training=training).split())


def test_dense_layers_and_a_learned_memory_are_described_as_such():
    text = preset_card("mnist_learned64", LEARNED)
    assert "two dense layers with ReLU, 256 and 128 units, and the decoder has 128 and 256." in text
    assert "Memory: 64 learned slots, each a vector." in text
    assert "| `memory` | index [N] | entry [N,256] |" in text
    assert "each step takes 32 random images." in text
    assert "50,000 digits" in text and "single digits" in text
    for word in ("Pyramids", "convolutions", "characters", "few-shot", "C and S"):
        assert word not in text, word
    text = preset_card("omniglot28_learned256", LEARNED)
    assert "Memory: 256 learned slots, each a 28x28 map, in the place of an image." in text
    assert "entry [N,28,28,1]" in text and "15 drawings of each of 1,623 characters" in text


def test_recall_is_not_few_shot():
    text = preset_card("mnist_recall256", VMA)
    assert "In training the images to be scored were among those in memory" in text
    assert "each step takes 256 random images in memory, of which" in text
    for word in ("retraining", "characters", "no test of the model", "learned slots"):
        assert word not in text, word
    assert "binarized_mnist` 1.0.0" in text


@pytest.mark.parametrize(
    ("dataset", "licence"),
    [
        ("omniglot26", "MIT licence, copyright 2015"),
        ("gmn", "MIT licence, copyright 2015"),
        ("strokes", "package"),
    ],
)
def test_the_licence_of_the_data(dataset, licence):
    episodes = dataclasses.replace(CONFIG.episodes, dataset=dataset)
    text = card(config=dataclasses.replace(CONFIG, episodes=episodes))
    assert licence in text.partition("## Licences")[2]


def test_every_stage_is_told_with_what_it_made():
    named = [("first", ""), ("first", "savedmodels/first/2"), ("second", "savedmodels/first/3")]
    stages = tuple(
        dataclasses.replace(
            CONFIG, name=name, training=dataclasses.replace(CONFIG.training, start_from=start)
        )
        for name, start in named
    )
    text = card(config=stages[-1], training=Training(9_000, 1.0, stages))
    section = text.partition("## Training")[2].partition("\n## ")[0]
    assert section.index("--name second") < section.index("The stages before it")
    assert re.findall(r"\n(\S+):\n\n    python train.py .*--name (\w+)", section) == [
        ("savedmodels/first/2", "first"),
        ("savedmodels/first/3", "first"),
    ]
    assert "stages before" not in card(training=Training(9_000, 1.0, stages[:1]))


def save_signatures(folder, kind) -> None:
    """A SavedModel of which there is nothing but the names."""
    saved = SavedModel()
    signatures = saved.meta_graphs.add().signature_def
    for name, inputs in kind.signatures.items():
        for key in inputs:
            signatures[name].inputs[key].name = key
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())


def test_it_is_written_from_what_lies_in_the_folder(tmp_path):
    (tmp_path / "2" / "assets.extra").mkdir(parents=True)
    save_signatures(tmp_path / "2", SOFT)
    (tmp_path / "2" / "assets.extra" / "training.json").write_text('{"steps": 7, "minutes": 1}')
    (tmp_path / "config.json").write_text(json.dumps(to_dict(CONFIG)))
    path = write_model_card(tmp_path)
    assert path == tmp_path / "README.md"
    assert path.read_text() == card(kind=SOFT, version=2, training=Training(7, 1), rows=[])
    write_rows(tmp_path / "metrics.json", [ROW])
    write_model_card(tmp_path, measured=False)
    assert path.read_text() == card(kind=SOFT, version=2, training=Training(7, 1), measured=False)
    assert {file.name for file in tmp_path.iterdir()} == {
        "2",
        "README.md",
        "config.json",
        "metrics.json",
    }


def test_a_folder_that_cannot_have_a_card(tmp_path):
    with pytest.raises(CheckpointError, match="found no saved_model.pb"):
        write_model_card(tmp_path)
    (tmp_path / "1").mkdir()
    with pytest.raises(CheckpointError, match="config.json"):
        write_model_card(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(to_dict(CONFIG)))
    with pytest.raises(CheckpointError, match="expected a SavedModel of tfvma.*saved_model.pb"):
        write_model_card(tmp_path)
    save_signatures(tmp_path / "1", VAE)
    (tmp_path / "README.md").mkdir()
    with pytest.raises(OutputError, match="cannot be written to"):
        write_model_card(tmp_path)
