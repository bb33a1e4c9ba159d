"""Runs on images without labels, from the data to the reloaded weights."""

from __future__ import annotations

import dataclasses
import io
import signal

import matplotlib.image
import numpy as np
import pytest

from tfvma.config import Config, EpisodeConfig, IntervalConfig, ModelConfig
from tfvma.data.images import ImageSet
from tfvma.errors import DataError, InvalidArgumentError
from tfvma.training import load_trained, train
from tfvma.training.log import read_log

BOUND = ("iw_bound", "reconstruction", "kl_z")
MLP = ModelConfig(network="mlp", image_size=8, units=(6, 4), latent_dim=2)
MODELS = {
    "recall": dataclasses.replace(MLP, key_dim=4),
    "learned": dataclasses.replace(MLP, key_dim=4, memory_size=5),
    "learned from images": ModelConfig(
        image_size=8, filters=(4, 4), hidden_units=6, latent_dim=2, key_dim=4, memory_size=5
    ),
    "vae": dataclasses.replace(MLP, family="vae"),
}
# What is measured beside the bound, and how many columns a picture has.
EXPECTED = {
    "recall": (("kl_a", "address_accuracy"), 11),
    "learned": (("kl_a",), 10),
    "learned from images": (("kl_a",), 10),
    "vae": ((), 10),
}


@pytest.fixture(autouse=True)
def few_images(monkeypatch) -> None:
    def random_images(name: str, split: str, data_dir=None) -> ImageSet:
        images = np.random.default_rng(len(split)).integers(0, 4, [30, 8, 8], dtype=np.uint8)
        return ImageSet(name, split, images, levels=3)

    monkeypatch.setattr("tfvma.training.run.load_images", random_images)
    monkeypatch.setattr("tfvma.training.held_out.TARGETS", 8)


def config_of(tiny: Config, kind: str) -> Config:
    return dataclasses.replace(
        tiny,
        episodes=EpisodeConfig(
            dataset="binarized_mnist",
            **(
                {"kind": "recall", "targets": 4, "memory_size": 6}
                if kind == "recall"
                else {"kind": "images", "targets": 4}
            ),
        ),
        model=MODELS[kind],
        training=dataclasses.replace(
            tiny.training, memory_start="images" if kind == "learned from images" else "noise"
        ),
        intervals=IntervalConfig(2, 3, 3, 3),
    )


class StopAt(io.StringIO):
    """A stream for progress that stops the run when a step is shown."""

    def write(self, text: str) -> int:
        if text.startswith("step 2/"):
            signal.raise_signal(signal.SIGTERM)
        return super().write(text)


@pytest.mark.parametrize("kind", MODELS)
def test_a_run_is_the_same_whether_interrupted_or_not(tiny, tmp_path, kind):
    config = config_of(tiny, kind)
    folder, interrupted = tmp_path / "straight", tmp_path / "interrupted"
    assert train(config, folder).finished
    assert train(config, interrupted, progress=StopAt()).step == 2
    assert train(config, interrupted).finished

    extra, columns = EXPECTED[kind]
    (*_, last) = read_log(folder / "log.csv")
    measured = {name.removeprefix("val_") for name in last if name.startswith("val_")}
    assert measured == {*BOUND, *extra}
    assert np.all(np.isfinite(list(last.values())))
    picture = matplotlib.image.imread(folder / "pictures" / "step-0000006.png")
    assert picture.shape[1] == 3 * (columns * 10 - 2)

    model, reloaded, steps = load_trained(folder)
    assert (reloaded, steps) == (config, 6)
    weights = zip(model.get_weights(), load_trained(interrupted)[0].get_weights(), strict=True)
    for mine, theirs in weights:
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"memory_size": 31}, DataError, "memory_size=31: 'binarized_mnist' .test. has 30"),
        ({"targets": 7}, InvalidArgumentError, r"episodes\.targets=7: expected at most"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    tiny, tmp_path, changed, error, message
):
    config = config_of(tiny, "recall")
    episodes = dataclasses.replace(config.episodes, **changed)
    with pytest.raises(error, match=message):
        train(dataclasses.replace(config, episodes=episodes), tmp_path)
    assert list(tmp_path.iterdir()) == []
