"""The committed SavedModels and the scores beside them belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfvma.data.images import load_images
from tfvma.evaluation.evaluate import evaluate
from tfvma.evaluation.metrics_file import Trained
from tfvma.evaluation.model_source import find_model
from tfvma.evaluation.protocols import Recall
from tfvma.evaluation.trained_model import load_model
from tfvma.evaluation.zoo import read_zoo
from tfvma.training.provenance import read_training

SAVEDMODELS = Path(__file__).parent.parent / "savedmodels"
MODELS = [model for model in read_zoo(SAVEDMODELS) if model.version is not None]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_rows_are_of_the_latest_version(model):
    training = read_training(model.home / str(model.version))
    assert training.recorded
    sharpened_for = training.stages[-1].training.sharpened_for
    made = Trained(training.steps, training.minutes, sharpened_for)
    assert {row.trained for row in model.rows} == {made}


def test_a_savedmodel_scores_what_its_row_says(binarized_mnist_dir):
    """The model that takes the least time: of recall the error is a hundredth of a nat."""
    home = SAVEDMODELS / "mnist_recall256"
    (model,) = (model for model in MODELS if model.home == home)
    images = load_images("binarized_mnist", "test", binarized_mnist_dir)
    protocol = Recall(memory_size=256, num_samples=(4,))
    rows = evaluate(load_model(find_model(home)), images, [protocol], seed=0, command="")
    (nll,) = (row for row in rows if row.metric == "nll")
    committed = model.find(nll.protocol, "nll", 4)
    assert committed.stderr < 0.01
    assert nll.value == pytest.approx(committed.value, abs=4 * committed.stderr)
