from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from tfvma.config import TrainingConfig
from tfvma.errors import CheckpointError, DivergedError, OutputError
from tfvma.training.checkpoints import Checkpoints
from tfvma.training.optimizer import make_optimizer


class Small(keras.Model):
    """What `Checkpoints` asks of a model, and no more."""

    estimator_state = ()

    def __init__(self, units: int, layers: int):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(3)
        self.mean = keras.metrics.Mean(name="loss")
        self.dense = [keras.layers.Dense(units, name=f"dense{i}") for i in range(layers)]
        for dense in self.dense:
            dense.build((None, units))
        self.built = True

    @property
    def metrics(self):
        return [self.mean]


def small_model(units: int = 5, layers: int = 2) -> Small:
    model = Small(units, layers)
    model.compile(make_optimizer(TrainingConfig(steps=100, ema_momentum=0.9)))
    model.optimizer.build(model.trainable_variables)
    return model


def variables(model) -> list[keras.Variable]:
    """Everything that a checkpoint has to bring back."""
    return [
        *model.weights,
        *model.optimizer.variables,
        model.seed_generator.state,
        *model.mean.variables,
    ]


def state(model) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables(model)]


def set_state(model, step: int) -> None:
    """Gives every variable a value of its own that depends on `step`, the step too."""
    for index, variable in enumerate(variables(model)):
        variable.assign(np.full(variable.shape, step + index, variable.dtype))
    model.optimizer.iterations.assign(step)


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "checkpoints"


def saved(folder: Path, steps: tuple[int, ...]) -> dict[int, list[np.ndarray]]:
    """Saves a checkpoint for each of `steps`; returns what each should bring back."""
    model = small_model()
    checkpoints = Checkpoints(folder, model)
    states = {}
    for step in steps:
        set_state(model, step)
        checkpoints.save(seconds=step / 4)
        states[step] = state(model)
    return states


def assert_same(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(actual) == len(expected) == 4 + (2 + 3 * 4) + 1 + 2 - 1
    for mine, theirs in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def data_file(folder: Path, step: int) -> Path:
    (path,) = folder.glob(f"step-{step}.data-*")
    return path


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_a_fresh_model_gets_everything_back(folder):
    states = saved(folder, (10, 20, 30))
    model = small_model()
    checkpoints = Checkpoints(folder, model)
    assert checkpoints.restore() == 30
    assert_same(state(model), states[30])
    assert float(checkpoints.seconds) == 7.5
    assert checkpoints.latest == folder / "step-30"


def test_a_run_that_was_moved(folder, tmp_path):
    states = saved(folder, (10, 20))
    model = small_model()
    assert Checkpoints(folder.rename(tmp_path / "moved"), model).restore() == 20
    assert_same(state(model), states[20])


def test_two_are_kept(folder):
    saved(folder, (10, 20, 30))
    assert sorted(path.stem for path in folder.glob("*.index")) == ["step-20", "step-30"]


def test_nothing_saved_is_step_0_and_leaves_no_folder(folder):
    assert Checkpoints(folder, small_model()).restore() == 0
    assert not folder.exists()


@pytest.mark.parametrize("part", ["data", "index"])
@pytest.mark.parametrize("damage", [truncate, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(folder, part, damage):
    states = saved(folder, (10, 20))
    damage(data_file(folder, 20) if part == "data" else folder / "step-20.index")
    model = small_model()
    with pytest.warns(UserWarning, match="step-20: damaged checkpoint passed over"):
        assert Checkpoints(folder, model).restore() == 10
    assert_same(state(model), states[10])


def test_overwritten_bytes_are_noticed(folder):
    saved(folder, (10, 20))
    path = data_file(folder, 20)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="step-20: damaged checkpoint passed over"):
        assert Checkpoints(folder, small_model()).restore() == 10


@pytest.mark.parametrize("content", [None, b"", b'model_checkpoint_path: "st'])
def test_without_the_list_of_checkpoints_the_files_are_found(folder, content):
    states = saved(folder, (90, 100))
    listed = folder / "checkpoint"
    listed.unlink()
    if content is not None:
        listed.write_bytes(content)
    model = small_model()
    checkpoints = Checkpoints(folder, model)
    assert checkpoints.restore() == 100
    assert_same(state(model), states[100])
    # They are in the list again, so that the oldest makes room.
    model.optimizer.iterations.assign(110)
    checkpoints.save(seconds=1.0)
    assert sorted(path.stem for path in folder.glob("*.index")) == ["step-100", "step-110"]


def test_saving_goes_on_after_a_damaged_one(folder):
    saved(folder, (10, 20))
    truncate(data_file(folder, 20))
    model = small_model()
    checkpoints = Checkpoints(folder, model)
    with pytest.warns(UserWarning, match="step-20"):
        checkpoints.restore()
    set_state(model, 20)
    checkpoints.save(seconds=1.0)
    again = small_model()
    assert Checkpoints(folder, again).restore() == 20
    assert_same(state(again), state(model))


def test_none_that_can_be_read(folder):
    saved(folder, (10, 20))
    for step in (10, 20):
        truncate(data_file(folder, step))
    with (
        pytest.warns(UserWarning),
        pytest.raises(CheckpointError, match=r"checkpoints: none of its 2 checkpoints can be read"),
    ):
        Checkpoints(folder, small_model()).restore()


@pytest.mark.parametrize("other", [{"units": 6}, {"layers": 1}, {"layers": 3}])
def test_another_architecture(folder, other):
    saved(folder, (10,))
    with pytest.raises(CheckpointError, match=r"step-10: expected .* the same architecture"):
        Checkpoints(folder, small_model(**other)).restore()


def test_weights_that_are_not_finite_are_never_saved(folder):
    model = small_model()
    checkpoints = Checkpoints(folder, model)
    model.optimizer.iterations.assign(10)
    checkpoints.save(seconds=1.0)
    model.optimizer.iterations.assign(20)
    weight = model.trainable_variables[3]
    weight.assign(np.full(weight.shape, np.nan))
    with pytest.raises(DivergedError, match=rf"step 20: {weight.path} is no longer .*step-10"):
        checkpoints.save(seconds=2.0)
    assert [path.stem for path in folder.glob("*.index")] == ["step-10"]


def test_a_folder_that_takes_no_checkpoint(tmp_path):
    model = small_model()
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OutputError, match="file/checkpoints: expected to save a checkpoint there"):
        Checkpoints(blocked / "checkpoints", model).save(seconds=1.0)
