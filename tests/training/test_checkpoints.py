from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tfvma.errors import CheckpointError, DivergedError, OutputError
from tfvma.training.checkpoints import Checkpoints
from tfvma.training.run import compiled_model


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "checkpoints"


def state(model) -> dict[str, np.ndarray]:
    """Everything that a checkpoint has to bring back."""
    variables = [*model.weights, *model.optimizer.variables, model.seed_generator.state]
    variables += [variable for metric in model.metrics for variable in metric.variables]
    # Keras counts the seed generators of a process in their names.
    return {f"{i} {v.path.rpartition('/')[2]}": v.numpy() for i, v in enumerate(variables)}


def set_state(model, value: int) -> None:
    """Gives every variable another value that depends on `value`, the step too."""
    model.optimizer.build(model.trainable_variables)
    variables = [*model.weights, *model.optimizer.variables, model.seed_generator.state]
    variables += [variable for metric in model.metrics for variable in metric.variables]
    for index, variable in enumerate(variables):
        variable.assign(np.full(variable.shape, value + index % 7, variable.dtype))
    model.optimizer.iterations.assign(value)


def saved(config, folder: Path, steps: tuple[int, ...]) -> dict[int, dict[str, np.ndarray]]:
    """Saves a checkpoint for each of `steps`; returns what each should bring back."""
    model = compiled_model(config)
    checkpoints = Checkpoints(folder, model)
    states = {}
    for step in steps:
        set_state(model, step)
        checkpoints.save(seconds=step / 4)
        states[step] = state(model)
    return states


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(actual[name], value, err_msg=name)


def data_file(folder: Path, step: int) -> Path:
    (path,) = folder.glob(f"step-{step}.data-*")
    return path


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def test_a_fresh_model_gets_everything_back(tiny, folder):
    states = saved(tiny, folder, (10, 20, 30))
    model = compiled_model(tiny)
    checkpoints = Checkpoints(folder, model)
    assert checkpoints.restore() == 30
    assert_same(state(model), states[30])
    assert float(checkpoints.seconds) == 7.5
    assert checkpoints.latest == folder / "step-30"


def test_two_are_kept(tiny, folder):
    saved(tiny, folder, (10, 20, 30))
    assert sorted(path.stem for path in folder.glob("*.index")) == ["step-20", "step-30"]


def test_nothing_saved_is_step_0_and_leaves_no_folder(tiny, folder):
    assert Checkpoints(folder, compiled_model(tiny)).restore() == 0
    assert not folder.exists()


@pytest.mark.parametrize("part", ["data", "index"])
@pytest.mark.parametrize("damage", [truncate, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tiny, folder, part, damage):
    states = saved(tiny, folder, (10, 20))
    damage(data_file(folder, 20) if part == "data" else folder / "step-20.index")
    model = compiled_model(tiny)
    with pytest.warns(UserWarning, match="step-20: damaged checkpoint passed over"):
        assert Checkpoints(folder, model).restore() == 10
    assert_same(state(model), states[10])


def test_overwritten_bytes_are_noticed(tiny, folder):
    saved(tiny, folder, (10, 20))
    path = data_file(folder, 20)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="step-20: damaged checkpoint passed over"):
        assert Checkpoints(folder, compiled_model(tiny)).restore() == 10


@pytest.mark.parametrize("content", [None, b"", b'model_checkpoint_path: "st'])
def test_without_the_list_of_checkpoints_the_files_are_found(tiny, folder, content):
    states = saved(tiny, folder, (90, 100))
    (folder / "checkpoint").unlink() if content is None else (folder / "checkpoint").write_bytes(
        content
    )
    model = compiled_model(tiny)
    assert Checkpoints(folder, model).restore() == 100
    assert_same(state(model), states[100])


def test_saving_goes_on_after_a_damaged_one(tiny, folder):
    saved(tiny, folder, (10, 20))
    truncate(data_file(folder, 20))
    model = compiled_model(tiny)
    checkpoints = Checkpoints(folder, model)
    with pytest.warns(UserWarning, match="step-20"):
        checkpoints.restore()
    set_state(model, 20)
    checkpoints.save(seconds=1.0)
    again = compiled_model(tiny)
    assert Checkpoints(folder, again).restore() == 20
    assert_same(state(again), state(model))


def test_none_that_can_be_read(tiny, folder):
    saved(tiny, folder, (10, 20))
    for step in (10, 20):
        truncate(data_file(folder, step))
    with (
        pytest.warns(UserWarning),
        pytest.raises(CheckpointError, match=r"checkpoints: none of its 2 checkpoints can be read"),
    ):
        Checkpoints(folder, compiled_model(tiny)).restore()


@pytest.mark.parametrize("change", [{"latent_dim": 3}, {"tied": True}, {"filters": (4, 4, 4)}])
def test_another_architecture(tiny, folder, change):
    saved(tiny, folder, (10,))
    other = dataclasses.replace(tiny, model=dataclasses.replace(tiny.model, **change))
    with pytest.raises(CheckpointError, match=r"step-10: expected .* the same architecture"):
        Checkpoints(folder, compiled_model(other)).restore()


def test_weights_that_are_not_finite_are_never_saved(tiny, folder):
    model = compiled_model(tiny)
    checkpoints = Checkpoints(folder, model)
    model.optimizer.iterations.assign(10)
    checkpoints.save(seconds=1.0)
    model.optimizer.iterations.assign(20)
    weight = model.trainable_variables[3]
    weight.assign(np.full(weight.shape, np.nan))
    with pytest.raises(DivergedError, match=rf"step 20: {weight.path} is no longer .*step-10"):
        checkpoints.save(seconds=2.0)
    assert [path.stem for path in folder.glob("*.index")] == ["step-10"]


def test_a_folder_that_takes_no_checkpoint(tiny, tmp_path):
    model = compiled_model(tiny)
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(OutputError, match="file/checkpoints: expected to save a checkpoint there"):
        Checkpoints(blocked / "checkpoints", model).save(seconds=1.0)
