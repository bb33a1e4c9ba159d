"""evaluate.py from end to end on a tiny model, and its errors."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfvma.command_line.evaluate import main, parser, repeating_command
from tfvma.config import Config, EpisodeConfig, ModelConfig, replace_options
from tfvma.data import strokes
from tfvma.data.images import ImageSet
from tfvma.evaluation.measure import measure
from tfvma.evaluation.model_source import ModelSource, find_model
from tfvma.evaluation.protocols import confounders, up_to
from tfvma.evaluation.trained_model import load_model
from tfvma.export import export_saved_model
from tfvma.models.build import build_model
from tfvma.training.provenance import Training
from tfvma.training.run_folder import RunFolder, write_config

CONFIG = Config(
    "tiny",
    episodes=EpisodeConfig(dataset="strokes"),
    model=ModelConfig(filters=(4,) * 6, hidden_units=8, latent_dim=4, key_dim=8),
)
FEW_SHOT = ("--protocol", "few_shot", "--targets", "64", "--num-samples", "2", "5", "--quiet")


@pytest.fixture(autouse=True)
def few_characters(monkeypatch):
    """Thirty characters of the strokes are made in no time."""
    monkeypatch.setattr(
        "tfvma.data.characters.load_characters",
        lambda name, split, data_dir: strokes.load(split, num_characters=30),
    )


@pytest.fixture(scope="module")
def tiny():
    return build_model(CONFIG)


@pytest.fixture
def run(tiny, tmp_path) -> Path:
    folder = RunFolder(tmp_path / "runs" / "tiny")
    folder.path.mkdir(parents=True)
    write_config(folder, CONFIG)
    tiny.save_weights(folder.weights)
    return folder.path


@pytest.fixture(scope="module")
def saved_once(tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("savedmodels")
    return export_saved_model(tiny, CONFIG, folder, training=Training(7, 2.5)).parent


@pytest.fixture
def saved(saved_once, tmp_path) -> Path:
    """A copy that a test may write to."""
    return Path(shutil.copytree(saved_once, tmp_path / "savedmodels" / "tiny"))


def records(path: Path) -> dict[tuple[str, int | None], dict]:
    return {(row["metric"], row["num_samples"]): row for row in json.loads(path.read_text())}


def test_run_is_scored_on_everything_with_a_report(run, tmp_path, capsys):
    report = tmp_path / "report"
    options = ["--targets", "64", "--num-samples", "2", "5", "--episodes", "2", "--quiet"]
    assert main([str(run), *options, "--report", str(report)]) == 0

    rows = json.loads((run / "metrics.json").read_text())
    assert len(rows) == 2 * 3 + 2 + 4
    assert {row["protocol"] for row in rows} == {
        "few_shot C=8 S=4 strokes/test",
        "classification 5-way 1-shot strokes/test",
        "classification 5-way 5-shot strokes/test",
        "classification 20-way 1-shot strokes/test",
        "classification 20-way 5-shot strokes/test",
    }
    assert {row["command"] for row in rows} == {
        f"evaluate.py {run} --targets 64 --num-samples 2 5 --episodes 2"
    }
    by_key = records(run / "metrics.json")
    assert by_key["nll", 5]["value"] < by_key["nll", 2]["value"]
    assert by_key["kl_a", None]["steps"] == CONFIG.training.steps
    for row in rows:
        assert row["stderr"] >= 0.0
    html = (report / "index.html").read_text()
    assert html.count("data:image/png;base64,") >= 4
    printed = capsys.readouterr()
    assert "few_shot C=8 S=4 strokes/test" in printed.out
    assert printed.err == ""


def test_saved_model_scores_as_the_run_does(run, saved):
    assert main([str(run), *FEW_SHOT]) == 0
    assert main([str(saved), *FEW_SHOT]) == 0
    of_run, of_saved = records(run / "metrics.json"), records(saved / "metrics.json")
    assert of_run.keys() == of_saved.keys()
    for key, row in of_run.items():
        assert of_saved[key]["value"] == pytest.approx(row["value"], rel=1e-5)
        assert (of_saved[key]["steps"], of_saved[key]["minutes"]) == (7, 2.5)
    assert f"{of_saved['nll', 5]['value']:.2f}" in (saved / "README.md").read_text()


def test_a_baseline_is_scored_on_what_applies_and_refuses_the_rest(tmp_path, capsys):
    size = dataclasses.replace(CONFIG.model, family="vae", key_dim=ModelConfig().key_dim)
    config = dataclasses.replace(CONFIG, name="baseline", model=size)
    saved = export_saved_model(build_model(config), config, tmp_path).parent
    options = ["--targets", "64", "--num-samples", "2", "--quiet", "--report", str(tmp_path / "r")]
    assert main([str(saved), *options]) == 0
    assert set(records(saved / "metrics.json")) == {("nll", 2), ("kl_z", 2), ("reconstruction", 2)}
    assert "A baseline: a variational autoencoder" in (saved / "README.md").read_text()
    assert "A baseline: a variational autoencoder" in (tmp_path / "r" / "index.html").read_text()
    capsys.readouterr()
    message = error_of([str(saved), "--protocol", "classification", "--quiet"], capsys)
    assert "protocol='classification 5-way 1-shot': expected a model that samples" in message
    message = error_of([str(saved), "--episodes", "7", "--quiet"], capsys)
    assert "--episodes=7: expected only with a model that classifies" in message


def test_importance_weighted_classification_of_a_saved_model(saved):
    options = ["--protocol", "classification_iw", "--episodes", "2", "--num-samples", "3"]
    assert main([str(saved), *options, "--quiet"]) == 0
    rows = json.loads((saved / "metrics.json").read_text())
    assert {(row["metric"], row["num_samples"]) for row in rows} == {
        ("accuracy", None),
        ("accuracy_iw", 3),
    }
    assert {row["protocol"].partition(" ")[0] for row in rows} == {"classification_iw"}
    assert [row["targets"] for row in rows] == [10] * 4 + [40] * 4
    assert "accuracy (importance-weighted)" in (saved / "README.md").read_text()
    one_more = [*options, "--ways", "3", "--shots", "2"]
    assert main([str(saved), *one_more, "--quiet"]) == 0
    *_, row = json.loads((saved / "metrics.json").read_text())
    assert (row["protocol"], row["targets"]) == ("classification_iw 3-way 2-shot strokes/test", 6)
    settings = "--num-samples 3 --shots 2 --ways 3 --episodes 2"
    for setting in settings.split(" --"):
        assert setting in row["command"]
    with_more = json.dumps([{**row, "targets": 41} for row in rows])
    (saved / "metrics.json").write_text(with_more)
    assert main([str(saved), *options, "--quiet"]) == 2
    assert (saved / "metrics.json").read_text() == with_more


def test_unknown_class_with_its_figure(run, tmp_path):
    options = ["--protocol", "unknown_class", "--targets", "64", "--num-samples", "2", "--quiet"]
    assert main([str(run), *options, "--report", str(tmp_path / "report")]) == 0
    rows = json.loads((run / "metrics.json").read_text())
    assert {row["protocol"] for row in rows} == {"unknown_class C=8 S=4 strokes/test"}
    assert {row["metric"] for row in rows} >= {"auc", "auc_entropy", "nll_known", "nll_unknown"}
    assert (tmp_path / "report" / "figures" / "unknown_class.png").is_file()
    assert "Characters that are not in memory" in (tmp_path / "report" / "index.html").read_text()
    # Areas have twice as many targets, and no more than in the same measurement again.
    assert main([str(run), *options]) == 0


def test_all_classes_of_run_and_saved_model_are_the_same(run, saved, capsys):
    options = ["--protocol", "all_classes", "--rotations", "1", "--num-samples", "3"]
    rows = {}
    for model in (run, saved):
        assert main([str(model), *options]) == 0
        rows[model] = records(model / "metrics.json")
        shown = capsys.readouterr()
        assert "all_classes S=18 rotations=1 strokes/test" in shown.out
        assert "60/60" in shown.err
    assert rows[run].keys() == rows[saved].keys()
    for key, row in rows[run].items():
        assert row["value"] == pytest.approx(rows[saved][key]["value"], rel=1e-5)
        assert row["targets"] == 60
        assert row["command"] == (
            f"evaluate.py {run} --protocol all_classes --num-samples 3 --rotations 1"
        )


def test_table1_with_the_papers_figures_at_their_k(saved, monkeypatch):
    monkeypatch.setattr("tfvma.evaluation.protocols.TABLE1_CLASSES", (2,))
    monkeypatch.setattr("tfvma.evaluation.protocols.TABLE1_SHOTS", (1, 19))
    monkeypatch.setattr(
        "tfvma.data.characters.load_characters",
        lambda name, split, data_dir: dataclasses.replace(
            strokes.load(split, num_characters=30), name=name
        ),
    )
    options = ["--protocol", "table1", "--targets", "4", "--num-samples", "2", "1000"]
    assert main([str(saved), *options, "--dataset", "gmn", "--quiet"]) == 0
    rows = json.loads((saved / "metrics.json").read_text())
    assert {row["targets"] for row in rows} == {4}
    paper = {(row["protocol"], row["num_samples"]): row["paper"] for row in rows if row["paper"]}
    assert paper == {
        ("table1 C=2 S=1 gmn/test", 1000): 87.2,
        ("table1 C=2 S=19 gmn/test", 1000): 75.0,
    }
    assert [bool(row["note"]) for row in rows] == [row["paper"] is not None for row in rows]
    text = (saved / "README.md").read_text()
    assert "table1 gmn/test: NLL at K = 1,000" in text
    assert "| paper | 87.2 | 83.3 |" in text and "**table1" not in text
    assert text.count("* table1, NLL: the paper states neither") == 1
    assert f"python evaluate.py {saved} --protocol table1 --targets 4 --num-samples 2" in text


def test_rows_of_an_earlier_version_do_not_stay_among_the_new(saved, tiny, capsys):
    assert main([str(saved), *FEW_SHOT]) == 0
    export_saved_model(tiny, CONFIG, saved.parent, training=Training(9, 3.0))
    options = ["--protocol", "classification", "--episodes", "2", "--quiet"]
    assert main([str(saved), *options]) == 0
    assert {row["steps"] for row in records(saved / "metrics.json").values()} == {9}
    aside = saved / "metrics.other_versions.json"
    assert {row["steps"] for row in records(aside).values()} == {7}
    assert f"rows of models that were trained otherwise in {aside}" in capsys.readouterr().out
    # The first again: the file and the card stay those of the latest.
    files = [saved / "metrics.json", saved / "README.md"]
    before = [file.read_bytes() for file in files]
    assert main([str(saved / "1"), *options]) == 0
    assert [file.read_bytes() for file in files] == before
    protocols = {row["protocol"].split()[0] for row in records(aside).values()}
    assert protocols == {"few_shot", "classification"}
    assert {row["steps"] for row in records(aside).values()} == {7}
    assert f"rows of this version, which is not the latest, in {aside}" in capsys.readouterr().out


def test_an_earlier_version_has_its_own_configuration(saved, tiny):
    later = replace_options(CONFIG, {"training.steps": 9, "episodes.dataset": "omniglot26"})
    export_saved_model(tiny, later, saved.parent, training=Training(9, 3.0, (later,)))
    earlier = replace_options(CONFIG, {"training.steps": 8})
    export_saved_model(tiny, later, saved.parent, training=Training(8, 3.0, (earlier,)))
    assert load_model(find_model(saved / "2")).config == later
    assert load_model(find_model(saved / "3")).config == earlier
    # Nothing is known of the first.
    assert load_model(find_model(saved / "1")).config == later


def test_what_is_done_is_kept_when_the_rest_is_interrupted(saved, monkeypatch):
    def measure_two(*arguments):
        if measure_two.left == 0:
            raise KeyboardInterrupt
        measure_two.left -= 1
        return measure(*arguments)

    measure_two.left = 2
    monkeypatch.setattr("tfvma.evaluation.evaluate.measure", measure_two)
    options = ["--protocol", "confounders", "--shots", "1", "--targets", "8", "--quiet"]
    assert main([str(saved), *options]) == 130
    rows = json.loads((saved / "metrics.json").read_text())
    assert {row["protocol"].split()[1] for row in rows} == {"C=1", "C=2"}


def test_confounders_end_with_the_characters_that_there_are():
    counts = [each.num_classes for each in up_to(confounders(), 142)]
    assert counts == [1, 2, 4, 8, 16, 32, 64]
    assert up_to(confounders(), 144) == confounders()


def test_a_fine_tuned_run_counts_the_training_that_it_started_from(run, saved):
    def steps_after(start_from: Path) -> int | None:
        training = dataclasses.replace(CONFIG.training, steps=5, start_from=str(start_from))
        write_config(RunFolder(run), dataclasses.replace(CONFIG, training=training))
        return load_model(ModelSource(run, None)).steps

    assert steps_after(saved / "1") == 5 + 7
    assert steps_after(saved / "gone") is None


def test_rows_go_where_output_says_and_are_replaced(saved, tmp_path):
    output = tmp_path / "elsewhere" / "rows.json"
    options = ["--protocol", "classification", "--episodes", "2", "--output", str(output)]
    for seed in (0, 1):
        assert main([str(saved / "1"), *options, "--seed", str(seed), "--quiet"]) == 0
        assert [row["seed"] for row in json.loads(output.read_text())] == [seed] * 4
    assert not (saved / "metrics.json").exists()


def test_fewer_targets_do_not_take_the_place_of_more(saved, tmp_path, capsys):
    metrics = saved / "metrics.json"
    more = ["--protocol", "few_shot", "--targets", "96", "--num-samples", "2", "--quiet"]
    assert main([str(saved), *more]) == 0
    before = metrics.read_text()
    fewer = ["--protocol", "few_shot", "--targets", "64", "--num-samples", "2", "--quiet"]
    assert main([str(saved), *fewer]) == 2
    message = "few_shot C=8 S=4 of 64 targets: expected no fewer than the 96 of the scores it"
    assert message in " ".join(capsys.readouterr().err.split())
    assert metrics.read_text() == before
    assert main([str(saved), *fewer, "--output", str(tmp_path / "rough.json")]) == 0
    # With other examples, or with the same number of targets, nothing is lost.
    assert main([str(saved), *fewer, "--shots", "2"]) == 0
    assert main([str(saved), *more, "--seed", "1"]) == 0


def test_repeating_command_leaves_out_where_things_lie():
    parsed = parser().parse_args(
        ["runs/a b", "--shots", "2", "--seed", "3", "--data-dir", "d", "--output", "o"]
    )
    assert repeating_command(parsed) == "evaluate.py 'runs/a b' --shots 2 --seed 3"


def error_of(arguments: list[str], capsys) -> str:
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "nonsense"], "--protocol='nonsense': expected one of 'all'"),
        (["--num-samples", "4", "0"], "num_samples=0: expected a K of 1 to 5000"),
        (["--num-samples", "5001"], "num_samples=5001: expected a K of 1 to 5000"),
        (["--shots", "0"], "shots=0: expected at least 1"),
        (["--episodes", "1"], "episodes=1: expected at least 2"),
        (["--seed", "-1"], "--seed=-1: expected 0 to 2147483647"),
        (
            ["--protocol", "classification", "--num-samples", "4"],
            "--num-samples=[4]: expected only",
        ),
        (["--protocol", "classification", "--ways", "31"], "ways=31: 'strokes' (test) has 30"),
        (["--ways", "5"], "--ways=5: expected only with --protocol classification or"),
        (["--protocol", "few_shot", "--episodes", "9"], "--episodes=9: expected only with"),
        (["--protocol", "confounders", "--num-classes", "9"], "--num-classes=9: expected only"),
        (
            ["--protocol", "few_shot", "--num-classes", "32"],
            "num_classes=32: 'strokes' (test) has 30 characters",
        ),
        (["--protocol", "classification_iw", "--episodes", "1"], "episodes=1: expected at least"),
        (["--protocol", "table1", "--shots", "9"], "--shots=9: expected only with"),
        (["--rotations", "1"], "--rotations=1: expected only with --protocol all_classes or"),
        (["--protocol", "all_classes", "--targets", "9"], "--targets=9: expected only with"),
        (["--protocol", "all_classes_shots", "--shots", "9"], "--shots=9: expected only with"),
        (["--protocol", "all_classes_shots", "--rotations", "11"], "rotations=11: with shots=1 "),
        (["--protocol", "unknown_class", "--rotations", "9"], "--rotations=9: expected only with"),
        (["--protocol", "unknown_class", "--num-classes", "16"], "twice as many as are in memory"),
        (["--protocol", "all_classes", "--shots", "20"], "shots=20: 'strokes' (test) has 20"),
        (["--protocol", "all_classes", "--rotations", "11"], "rotations=11: with shots=18 there"),
        (["--dataset", "mnist"], "--dataset='mnist': expected one of 'binarized_mnist'"),
        (["--split", "validation"], "--split='validation': expected one of 'test'"),
        (["--num-classes", "31"], "num_classes=31: 'strokes' (test) has 30 characters"),
        (["--shots", "17"], "targets_per_class=4 and shots=17 make 21 drawings"),
    ],
)
def test_options_that_cannot_work(run, capsys, options, message):
    assert message in error_of([str(run), *options, "--quiet"], capsys)
    assert not (run / "metrics.json").exists()


def test_model_that_is_not_there(tmp_path, capsys):
    message = error_of([str(tmp_path / "nowhere")], capsys)
    assert "nowhere': there is no such folder; expected" in message


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_output_that_cannot_be_written(run, tmp_path, capsys, option):
    (tmp_path / "file").touch()
    target = str(tmp_path / "file" / "x")
    assert f"{option}=" in error_of([str(run), option, target, "--quiet"], capsys)


def test_output_that_is_something_else_stays(run, tmp_path, capsys):
    other = tmp_path / "notes.json"
    other.write_text('{"mine": true}')
    message = error_of([str(run), "--output", str(other), "--quiet"], capsys)
    assert "notes.json': expected a list of rows" in message
    assert other.read_text() == '{"mine": true}'


def test_weights_of_another_architecture(run, capsys):
    wider = dataclasses.replace(CONFIG.model, latent_dim=5)
    write_config(RunFolder(run), dataclasses.replace(CONFIG, model=wider))
    message = error_of([str(run), "--quiet"], capsys)
    assert "expected the weights of this architecture" in message


def test_saved_model_that_was_cut_short(saved, capsys):
    data = next(saved.glob("1/variables/variables.data*"))
    data.write_bytes(data.read_bytes()[:100])
    assert "expected a SavedModel that is whole" in error_of([str(saved), *FEW_SHOT], capsys)


def test_saved_model_without_its_file(saved, capsys):
    (saved / "1" / "saved_model.pb").unlink()
    assert "saved_model.pb" in error_of([str(saved), *FEW_SHOT], capsys)


def test_wrong_arguments_are_told_without_loading_tensorflow(tmp_path):
    code = (
        "import sys; from tfvma.command_line.evaluate import main;"
        f"code = main([{str(tmp_path / 'nowhere')!r}]);"
        "assert not {'tensorflow', 'matplotlib'} & set(sys.modules), 'loaded';"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("error: MODEL=")


IMAGE_CONFIG = Config(
    "images",
    episodes=EpisodeConfig(dataset="binarized_mnist", kind="recall", targets=4, memory_size=8),
    model=ModelConfig(network="mlp", image_size=28, units=(8, 4), latent_dim=2, key_dim=4),
)


@pytest.fixture
def recall_run(tmp_path, monkeypatch) -> Path:
    """A run on images, of which there are few."""
    images = np.random.default_rng(0).integers(0, 2, [20, 28, 28], dtype=np.uint8)
    monkeypatch.setattr(
        "tfvma.data.images.load_images", lambda name, split, data_dir: ImageSet(name, split, images)
    )
    folder = RunFolder(tmp_path / "runs" / "images")
    folder.path.mkdir(parents=True)
    write_config(folder, IMAGE_CONFIG)
    build_model(IMAGE_CONFIG).save_weights(folder.weights)
    return folder.path


def test_a_recall_model_is_scored_on_images_in_memory(recall_run, capsys):
    options = ["--protocol", "recall", "--memory-size", "16", "--num-samples", "2", "--quiet"]
    assert main([str(recall_run), *options]) == 0
    rows = json.loads((recall_run / "metrics.json").read_text())
    assert {row["protocol"] for row in rows} == {"recall M=16 binarized_mnist/test"}
    assert {row["targets"] for row in rows} == {16}
    metrics = {row["metric"] for row in rows}
    assert metrics == {"nll", "kl_a", "kl_z", "reconstruction", "address_accuracy"}
    assert (
        f"evaluate.py {recall_run} --protocol recall --num-samples 2 --memory-size 16"
        in rows[0]["command"]
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "memory_size=2048: 'binarized_mnist'"),
        (("--episodes", "2"), "--episodes=2: expected only with --protocol"),
        (("--protocol", "nll"), "protocol='nll': expected a model whose memory is learned"),
        (("--protocol", "few_shot"), "dataset='binarized_mnist': expected a set of characters"),
        (("--protocol", "recall", "--memory-size", "21"), "memory_size=21: 'binarized_mnist'"),
        (("--protocol", "recall", "--shots", "2"), "--shots=2: expected only with --protocol"),
        (("--protocol", "recall", "--split", "valid"), "--split='valid': expected one of"),
    ],
)
def test_what_does_not_suit_images(recall_run, options, message, capsys):
    assert main([str(recall_run), *options, "--quiet"]) == 2
    assert message in capsys.readouterr().err
    assert not (recall_run / "metrics.json").exists()


def test_recall_of_characters_is_refused(run, capsys):
    assert main([str(run), "--protocol", "recall", "--quiet"]) == 2
    message = "dataset='strokes': expected a set of images for protocol='recall M=2048', one of"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "protocol", "figures"),
    [
        ({}, "recall", {"one_shot_samples", "reconstructions", "kl_split"}),
        ({"memory_size": 5}, "nll", {"samples", "reconstructions", "kl_split"}),
        ({"family": "vae", "key_dim": 128}, "nll", {"samples", "reconstructions", "kl_split"}),
    ],
)
def test_a_report_on_images_shows_them(recall_run, model, protocol, figures, tmp_path):
    kind = "recall" if protocol == "recall" else "images"
    config = dataclasses.replace(
        IMAGE_CONFIG,
        episodes=dataclasses.replace(
            IMAGE_CONFIG.episodes, kind=kind, memory_size=8 if kind == "recall" else 256
        ),
        model=dataclasses.replace(IMAGE_CONFIG.model, **model),
    )
    folder = RunFolder(recall_run)
    write_config(folder, config)
    build_model(config).save_weights(folder.weights)
    report = tmp_path / "report"
    options = ["--protocol", protocol, "--num-samples", "2", "--report", str(report), "--quiet"]
    size = ["--memory-size", "16"] if protocol == "recall" else []
    assert main([str(recall_run), *options, *size]) == 0
    assert {path.stem for path in (report / "figures").iterdir()} == figures
    text = " ".join((report / "index.html").read_text().split())
    assert ("one image of the held-out set" in text) == (protocol == "recall")
    assert ("20 images, of which the target is one" in text) == (protocol == "recall")
    assert "target's character" not in text


@pytest.mark.parametrize(
    ("model", "metrics", "paper"),
    [
        (
            {"memory_size": 5, "key_dim": 4},
            {"nll", "kl_a", "kl_z", "reconstruction", "entropy_pa"},
            {"kl_a": 2.5},
        ),
        ({"family": "vae"}, {"nll", "kl_z", "reconstruction"}, {}),
    ],
)
def test_a_model_without_a_memory_argument_is_scored_on_all_images(
    recall_run, model, metrics, paper
):
    config = dataclasses.replace(
        IMAGE_CONFIG,
        episodes=EpisodeConfig(dataset="binarized_mnist", kind="images", targets=4),
        model=ModelConfig(network="mlp", image_size=28, units=(8, 4), latent_dim=2, **model),
    )
    folder = RunFolder(recall_run)
    write_config(folder, config)
    build_model(config).save_weights(folder.weights)
    assert main([str(recall_run), "--num-samples", "2", "--quiet"]) == 0
    rows = json.loads((recall_run / "metrics.json").read_text())
    assert {row["metric"] for row in rows} == metrics
    assert {row["protocol"] for row in rows} == {"nll binarized_mnist/test"}
    assert {row["targets"] for row in rows} == {20}
    assert {row["metric"]: row["paper"] for row in rows if row["paper"]} == paper
