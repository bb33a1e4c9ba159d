"""The report: every figure is in the page, and nothing is outside of it."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from tests.evaluation import zoo_folder
from tests.models.tiny_latent import tiny_model
from tests.models.tiny_learned import learned_model
from tfvma.config import Config, ModelConfig
from tfvma.errors import DataError, InvalidArgumentError, OutputError
from tfvma.evaluation import illustrations
from tfvma.evaluation.evaluate import evaluate, illustrate
from tfvma.evaluation.illustrations import (
    infer_addresses,
    show_absent_histogram,
    show_reconstructions,
    show_samples,
)
from tfvma.evaluation.protocols import Classification, Confounders, FewShot
from tfvma.evaluation.report import Report, render, write_report
from tfvma.evaluation.trained_model import TrainedModel
from tfvma.figures.one_shot_samples import one_shot_samples
from tfvma.figures.reconstructions import reconstructions
from tfvma.kinds import KINDS, kind_of

VMA = KINDS[0]
LOG = [
    {"step": 100, "seconds": 1.0, "iw_bound": -200.0, "kl_a": 1.0, "kl_z": 3.0},
    {
        "step": 200,
        "seconds": 2.0,
        "iw_bound": -150.0,
        "kl_a": 2.0,
        "kl_z": 9.0,
        "val_iw_bound": -155.0,
        "val_kl_a": 1.9,
        "val_kl_z": 9.5,
    },
]
PROTOCOLS = (
    FewShot(num_classes=5, targets=40, num_samples=(2, 7)),
    Classification(5, 1, num_episodes=4),
)
# Of the eight targets that it shows one or more are of drawing 3, and not all.
SEED_WITH_DRAWING_3 = 1
FIGURES = {
    "one_shot_samples",
    "address_histogram_right",
    "address_histogram_wrong",
    "address_histogram_absent",
    "reconstructions",
    "kl_split",
    "learning_curves",
}


@pytest.fixture
def model(scorer) -> TrainedModel:
    config = Config("numbered <model>", model=ModelConfig(image_size=6))
    return TrainedModel(scorer, config, steps=200, minutes=1.5, log=LOG)


@pytest.fixture
def rows(model, characters):
    return evaluate(model, characters, PROTOCOLS, seed=0, command="evaluate.py runs/numbered")


class Reader(HTMLParser):
    """Notes tags that are still open, every attribute, and the text."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.attributes += attributes
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_rows_say_what_was_measured_and_how(rows):
    (row,) = [row for row in rows if (row.metric, row.num_samples) == ("nll", 7)]
    assert row.protocol == "few_shot C=5 S=4 omniglot26/test"
    assert (row.steps, row.minutes, row.seed, row.targets) == (200, 1.5, 0, 40)
    assert row.command == "evaluate.py runs/numbered"
    (accuracy,) = [row for row in rows if row.metric == "accuracy"]
    assert accuracy.protocol == "classification 5-way 1-shot omniglot26/test"
    assert accuracy.paper == 0.91


def test_page_holds_all_figures_and_needs_nothing_else(model, characters, rows, tmp_path):
    illustrations = illustrate(model, characters, rows, seed=0)
    assert {illustration.name for illustration in illustrations} == FIGURES
    report = Report(model.config, VMA, model.steps, model.minutes, rows, illustrations)
    page = write_report(tmp_path / "new" / "report", report)
    html = page.read_text(encoding="utf-8")

    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    sources = [value for name, value in reader.attributes if name == "src"]
    assert len(sources) == len(FIGURES)
    for source, illustration in zip(sources, illustrations, strict=True):
        image = base64.b64decode(source.removeprefix("data:image/png;base64,"))
        assert image == illustration.image
        assert matplotlib.image.imread(io.BytesIO(image)).shape[1] > 1000
        assert (page.parent / "figures" / f"{illustration.name}.png").read_bytes() == image
    assert not {"href", "srcset", "action"} & {name for name, _ in reader.attributes}
    assert not re.search(r"://|@import|url\(|<script|<link", html)

    assert "numbered <model>" in reader.text
    assert "evaluate.py runs/numbered" in reader.text
    assert "200 steps (1.5 minutes)" in reader.text
    for row in rows:
        assert row.protocol in reader.text


def test_curves_need_a_log_and_the_kl_split_few_shot_rows(model, characters, rows):
    """A SavedModel has no log, and may be scored on classification alone."""
    others = [row for row in rows if row.metric == "accuracy"]
    for log in ([], LOG[:1]):
        model = TrainedModel(model.scorer, model.config, None, None, log)
        drawn = illustrate(model, characters, others, seed=0)
        names = {illustration.name for illustration in drawn}
        assert names == FIGURES - {"learning_curves", "kl_split"}


def test_curves_of_a_last_stage_are_named_so(model, characters):
    training = dataclasses.replace(model.config.training, start_from="savedmodels/numbered/1")
    config = dataclasses.replace(model.config, training=training)
    drawn = illustrate(dataclasses.replace(model, config=config), characters, [], seed=0)
    (curves,) = [each for each in drawn if each.name == "learning_curves"]
    assert "last stage alone, which started from savedmodels/numbered/1." in curves.caption


def test_notes_are_numbered_as_they_are_met(model):
    stored = {"kl_z": "nll", "nll": "nll", "reconstruction": "reconstruction", "kl_a": "kl_a"}
    noted = [
        zoo_folder.row("few_shot", metric, 1.0, 4, note=f"of {note}")
        for metric, note in stored.items()
    ]
    page = render(Report(model.config, VMA, None, None, noted, []))
    marks = re.findall(r"<td>([^<]*)<sup>(\d)</sup>", page)
    assert [mark for _, mark in marks] == ["1", "2", "1", "3"]
    assert re.findall(r"<sup>(\d)</sup> of (\w+)", page) == [
        ("1", "nll"),
        ("2", "kl_a"),
        ("3", "reconstruction"),
    ]


BASELINE_FIGURES = {"reconstructions", "kl_split", "learning_curves"}


@pytest.mark.parametrize("name", ["learned", "soft_attention", "vae"])
def test_pages_of_models_without_an_address_in_a_memory_of_drawings(name, characters):
    scorer = learned_model() if name == "learned" else tiny_model(name)
    log = [{"step": 1, "iw_bound": -9.0, "kl_z": 3.0}, {"step": 2, "iw_bound": -8.0, "kl_z": 3.5}]
    model = TrainedModel(scorer, Config(name, model=ModelConfig(image_size=6)), 2, 0.1, log)
    rows = evaluate(model, characters, PROTOCOLS[:1], seed=0, command="")
    assert ("kl_a" in {row.metric for row in rows}) == (name == "learned")
    assert "address_accuracy" not in {row.metric for row in rows}
    illustrations = illustrate(model, characters, rows, seed=0)
    samples = "one_shot_samples" if name == "soft_attention" else "samples"
    assert {illustration.name for illustration in illustrations} == {samples, *BASELINE_FIGURES}
    html = render(Report(model.config, kind_of(scorer), 2, 0.1, rows, illustrations))
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert ("baseline" in reader.text) == (name != "learned")
    captions = " ".join(illustration.caption for illustration in illustrations)
    assert ("q(a" in captions) == (name == "learned")


def test_confounders_are_drawn_from_their_rows_at_the_largest_k(model, characters):
    protocols = [Confounders(count, 2, 40, (2, 7)) for count in (1, 4, 16)]
    rows = evaluate(model, characters, protocols, seed=0, command="")
    (figure,) = [i for i in illustrate(model, characters, rows, seed=0) if i.name == "confounders"]
    assert "has 2 examples in memory" in figure.caption
    without_one = [row for row in rows if "C=1 " not in row.protocol]
    names = {illustration.name for illustration in illustrate(model, characters, without_one, 0)}
    assert "confounders" not in names


def test_the_first_figure_is_of_the_first_protocol_and_says_so(model, characters, rows):
    other = (FewShot(num_classes=2, targets=40, num_samples=(9,)),)
    rows = [*rows, *evaluate(model, characters, other, seed=0, command="")]
    page = render(Report(model.config, VMA, None, None, rows, []))
    assert "<span>nats per image, NLL at K = 7, few_shot C=5 S=4 omniglot26/test</span>" in page


def test_rows_say_where_characters_were_trained_on(model, characters):
    episodes = dataclasses.replace(model.config.episodes, dataset="omniglot28")
    config = dataclasses.replace(model.config, episodes=episodes)
    trained_elsewhere = dataclasses.replace(model, config=config)
    rows = evaluate(trained_elsewhere, characters, PROTOCOLS, seed=0, command="")
    overlap = "the model was trained on omniglot28, which has some of these characters in training"
    assert all(row.note.endswith(overlap) for row in rows)
    (accuracy,) = [row for row in rows if row.metric == "accuracy"]
    assert accuracy.note.startswith("the paper does not state the number of examples")


def test_a_page_without_rows_or_figures_is_still_a_page(model):
    reader = Reader()
    reader.feed(render(Report(model.config, VMA, None, None, [], [])))
    assert reader.open == []


def test_report_that_cannot_be_written(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="report="):
        write_report(tmp_path / "file", Report(model.config, VMA, None, None, [], []))


def test_inferences_are_right_and_wrong_where_they_should_be(scorer, characters, number):
    seen = set()
    for inference in infer_addresses(scorer, characters, seed=0):
        drawing = number(tf.constant(inference.target)[tf.newaxis, ..., tf.newaxis])[0] % 16
        assert inference.right == (drawing != 3)
        assert inference.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
        assert np.sum(inference.memory_label == inference.target_label) == 10
        seen.add(inference.right)
    assert seen == {True, False}


@pytest.fixture
def shown(monkeypatch) -> dict[str, tuple[np.ndarray, ...]]:
    """What the figures of samples and reconstructions were given, by their names."""
    given = {}

    def spy_on(draw):
        def spy(*arrays):
            given[draw.__name__] = arrays
            return draw(*arrays)

        monkeypatch.setattr(f"tfvma.evaluation.illustrations.{draw.__name__}", spy)

    spy_on(one_shot_samples)
    spy_on(reconstructions)
    return given


def inked(images: np.ndarray) -> np.ndarray:
    """Where an image of two levels has the higher one, as 0 or 1; shapes stay."""
    middle = (images.min((-2, -1)) + images.max((-2, -1))) / 2
    return (images > middle[..., np.newaxis, np.newaxis]).astype(np.float32)


@pytest.mark.parametrize("has_address", [True, False])
def test_samples_stand_in_the_row_of_their_entry(scorer, characters, shown, has_address):
    """The scorer decodes an entry to itself, all of it darker or lighter as z is."""
    scorer.has_address = has_address
    show_samples(scorer, characters, seed=0)
    entries, samples = shown["one_shot_samples"]
    assert entries.shape == (10, 6, 6) and samples.shape == (10, 12, 6, 6)
    assert len(np.unique(entries, axis=0)) == 10
    np.testing.assert_array_equal(inked(samples), np.repeat(entries[:, np.newaxis], 12, axis=1))


def test_reconstructions_stand_below_what_was_read_and_say_if_it_is_right(
    scorer, characters, number, shown
):
    """The scorer reconstructs the entry that it reads: another character's for drawing 3 alone."""
    show_reconstructions(scorer, characters, seed=SEED_WITH_DRAWING_3)
    targets, entries, images, right = shown["reconstructions"]
    assert targets.shape == (8, 6, 6) and entries.shape == (2, 8, 6, 6)
    np.testing.assert_array_equal(images, entries)
    of_targets = number(tf.constant(targets[..., np.newaxis]))
    np.testing.assert_array_equal(right, np.tile(of_targets % 16 != 3, [2, 1]))
    assert set(right.ravel()) == {True, False}
    for sample, is_right in zip(entries, right, strict=True):
        of_entries = number(tf.constant(sample[..., np.newaxis]))
        np.testing.assert_array_equal(of_entries // 16 == of_targets // 16, is_right)


def test_images_of_another_size_are_refused(model, characters):
    other = TrainedModel(model.scorer, Config("other"), None, None, [])
    with pytest.raises(InvalidArgumentError, match="expected images of 26x26 pixels"):
        evaluate(other, characters, PROTOCOLS, seed=0, command="")


def test_all_protocols_are_checked_before_the_first_is_run(model, characters):
    def score(*arguments):
        raise AssertionError("scored")

    model.scorer.score = score
    with pytest.raises(DataError, match="ways=25"):
        evaluate(model, characters, (PROTOCOLS[0], Classification(25, 1, 4)), seed=0, command="")


def test_a_target_whose_character_is_not_in_memory(scorer, characters, monkeypatch, number):
    """All entries are equally likely for a scorer that knows a character by its own alone."""
    shown = {}
    monkeypatch.setattr(
        illustrations,
        "address_histogram",
        lambda *arguments: shown.update(drawn=arguments) or Figure(),
    )
    show_absent_histogram(scorer, characters, seed=0)
    target, entries, probabilities, memory_label, target_label = shown["drawn"]
    assert len(entries) == len(memory_label) == 8 * 10
    own, others = number(target[np.newaxis, ..., np.newaxis]), number(entries[..., np.newaxis])
    assert own[0] // 16 not in others // 16 and len(set(others // 16)) == 8
    np.testing.assert_allclose(probabilities, 1 / 80, rtol=1e-5)
    assert target_label not in memory_label and (np.diff(memory_label) >= 0).all()
