"""What matters most of all models, in the order of the paper."""

from __future__ import annotations

import dataclasses

import pytest

from tests.evaluation.zoo_folder import add_model, few_shot_rows, row
from tfvma.evaluation.summary import SECTIONS, results_summary, section_grids
from tfvma.evaluation.zoo import read_zoo


def sections(folder) -> dict[str, str]:
    """The text below each heading."""
    _, *parts = results_summary(read_zoo(folder)).split("## ")
    return {heading: text for heading, _, text in (part.partition("\n\n") for part in parts)}


def test_it_has_the_first_bound_and_what_the_paper_prints(tmp_path):
    printed = row("unknown_class", "nll_known", 75.0, 4, paper=73.4)
    others = [row("all_classes", "nll", 70.0, 100), row("unknown_class", "nll_unknown", 99.0, 4)]
    first = row("all_classes", "nll", 71.0, 4)
    add_model(tmp_path, "omniglot26_soft", [*others, printed, first])
    ((title, text),) = sections(tmp_path).items()
    assert title == "Soft attention (section 4.2)"
    assert text.splitlines()[2:] == [
        "| omniglot26_soft | all_classes omniglot26/test | NLL | 71.00 ± 0.50 | – | 4 | 2,880 "
        "| 6,000 | 12 |",
        "| omniglot26_soft | unknown_class omniglot26/test | NLL, class in memory | 75.00 ± 0.50 "
        "| 73.4 | 4 | 2,880 | 6,000 | 12 |",
    ]


def test_a_model_whose_first_bound_is_in_a_grid_has_no_other(tmp_path):
    rows = [*few_shot_rows(4), row("all_classes", "nll", 68.0, 4)]
    add_model(tmp_path, "omniglot26_vma_4shot", rows)
    assert list(sections(tmp_path)) == [SECTIONS[3].title]


def test_few_shot_bounds_are_a_grid_of_all_models(tmp_path):
    for shots in (1, 16):
        add_model(tmp_path, f"omniglot26_vma_{shots}shot", few_shot_rows(shots))
    ((title, text),) = sections(tmp_path).items()
    assert title == "Few-shot generation (section 4.2, figure 4B)"
    assert [line.split(" | ")[2:4] for line in text.splitlines()[4:]] == [
        ["few to many", "75.1 to 69.1"],
        ["1", "81.00 ± 0.50"],
        ["16", "96.00 ± 0.50"],
    ]
    ((named, (grid,)),) = section_grids(read_zoo(tmp_path))
    assert (named, grid.markdown()) == (title, text.strip())


def test_accuracies_are_a_grid_under_the_papers(tmp_path):
    one = row("classification 5-way 1-shot", "accuracy", 0.9, None, paper=0.91)
    five = row("classification 20-way 5-shot", "accuracy", 0.8, None)
    weighted = row("classification_iw 5-way 1-shot", "accuracy_iw", 0.92, 10)
    fewer = row("classification_iw 5-way 1-shot", "accuracy", 0.1, None, targets=16)
    add_model(tmp_path, "first", [one, five, weighted, fewer])
    add_model(tmp_path, "second", [dataclasses.replace(one, value=0.7)])
    ((title, text),) = sections(tmp_path).items()
    assert title == "Classification without retraining (section 4.2)"
    heading, _, *lines = text.splitlines()
    assert heading == (
        "Accuracy on omniglot26/test, 16 to 2,880 targets in each cell; ± is here half a 95 % "
        "interval, 1.96 standard errors over episodes:"
    )
    assert lines == [
        "| model | by | 5-way 1-shot | 20-way 5-shot |",
        "| --- | --- | ---: | ---: |",
        "| the paper's | q(a\\|x) | 91 % | – |",
        "| first | q(a\\|x) | 90.0 ± 98.0 % | 80.0 ± 98.0 % |",
        "| first | importance weights, K = 10 | 92.0 ± 98.0 % | – |",
        "| first | q(a\\|x), on the targets of importance weights | 10.0 ± 98.0 % | – |",
        "| second | q(a\\|x) | 70.0 ± 98.0 % | – |",
    ]


def test_without_figures_of_the_paper_a_grid_has_no_line_for_them(tmp_path):
    add_model(tmp_path, "some", [row("classification 5-way 1-shot", "accuracy", 0.9, None)])
    assert "the paper's" not in results_summary(read_zoo(tmp_path))


def test_table_1_is_a_grid_that_names_its_model(tmp_path):
    add_model(tmp_path, "gmn_vma", [row("table1 C=1 S=1", "nll", 86.0, 1_000, paper=86.5)])
    ((title, text),) = sections(tmp_path).items()
    assert title.endswith("(table 1)")
    assert text.startswith("gmn_vma, table1 omniglot26/test: NLL at K = 1,000")
    assert "| 1 | ours | 86.0 ± 0.5 |" in text


def test_images_without_labels_are_a_grid_of_all_models(tmp_path):
    for name, nll in (("mnist_learned64", 96.0), ("mnist_vae", 98.0)):
        add_model(tmp_path, name, [row("nll", "nll", nll, 4), row("nll", "nll", nll - 3.0, 100)])
    ((title, text),) = sections(tmp_path).items()
    assert title == "A learned memory, MNIST (section 4.1, figure 2)"
    assert text.splitlines()[-2:] == [
        "| mnist_learned64 | omniglot26 | 96.00 ± 0.50 | 93.00 ± 0.50 | 6,000 | 12 |",
        "| mnist_vae | omniglot26 | 98.00 ± 0.50 | 95.00 ± 0.50 | 6,000 | 12 |",
    ]


@pytest.mark.parametrize(
    ("name", "protocol", "number"),
    [
        ("mnist_recall256", "recall M=256", 0),
        ("mnist_vae", "nll", 1),
        ("omniglot28_learned256", "nll", 2),
        ("omniglot26_vma_4shot", "few_shot C=8 S=4", 3),
        ("omniglot26_vae", "few_shot C=8 S=4", 3),
        ("omniglot26_soft", "confounders C=2 S=16", 4),
        ("omniglot26_vma_8shot", "all_classes_shots S=2", 5),
        ("omniglot26_soft", "few_shot C=2 S=16", 6),
        ("omniglot26_control_flat", "few_shot C=8 S=4", 7),
        ("gmn_vma_large", "few_shot C=8 S=4", 9),
        ("mine", "few_shot C=8 S=4", 10),
    ],
)
def test_each_experiment_has_its_section(tmp_path, name, protocol, number):
    add_model(tmp_path, name, [row(protocol, "nll", 80.0, 4)])
    assert list(sections(tmp_path)) == [SECTIONS[number].title]


def test_sections_are_in_the_order_of_the_paper(tmp_path):
    for name, protocol in (
        ("a", "few_shot C=8 S=4"),
        ("gmn_vma", "few_shot C=8 S=4"),
        ("omniglot26_vae", "few_shot C=8 S=4"),
        ("mnist_recall256", "recall M=256"),
    ):
        add_model(tmp_path, name, [row(protocol, "nll", 80.0, 4)])
    assert list(sections(tmp_path)) == [SECTIONS[number].title for number in (0, 3, 9, 10)]
