"""How rows are printed."""

from __future__ import annotations

from tfvma.evaluation.metrics_file import Row
from tfvma.evaluation.table import cells_of, first_bounds, format_table, value_of


def row(protocol: str, metric: str, value: float, num_samples: int | None = None, paper=None):
    return Row(
        protocol, metric, value, 0.004, num_samples, 2048, 1, 1.0, "0", 0, paper, "command", ""
    )


def test_table_reads_in_order_with_percent_for_accuracies():
    rows = [
        row("few", "address_accuracy", 0.9),
        row("few", "nll", 75.0, 1000),
        row("few", "nll", 79.256, 4, paper=75.1),
        row("ways", "accuracy", 0.917, paper=0.91),
        row("few", "reconstruction", -60.5, 4),
    ]
    assert format_table(rows).splitlines() == [
        "                             ours  paper      K  targets",
        "few",
        "  NLL                79.26 ± 0.00   75.1      4    2,048",
        "  NLL                75.00 ± 0.00      –  1,000    2,048",
        "  reconstruction    −60.50 ± 0.00      –      4    2,048",
        "  address accuracy   90.0 ± 0.4 %      –      –    2,048",
        "ways",
        "  accuracy           91.7 ± 0.4 %   91 %      –    2,048",
    ]


def test_the_paper_has_its_own_digits():
    printed = {83.0: "83.0", 5.55: "5.55", 103.6: "103.6"}
    assert [cells_of(row("few", "nll", 1.0, 4, value))[1] for value in printed] == [
        *printed.values()
    ]


def test_areas_have_three_digits():
    assert value_of(row("roc", "auc", 0.93751, 4)) == "0.938 ± 0.004"
    assert value_of(row("roc", "nll_known", 70.125, 4)) == "70.12 ± 0.00"


def test_the_bound_that_one_looks_for_first():
    trained, tested = (
        row(f"nll omniglot28/{split}", "nll", 80.0, 4) for split in ("train", "test")
    )
    finer, part = (row(tested.protocol, metric, 79.0, 100) for metric in ("nll", "kl_z"))
    assert first_bounds([trained, tested, part, finer]) == [tested, finer]
    assert first_bounds([part, trained]) == [trained]
    table1 = row("table1 C=1 S=1 gmn/test", "nll", 85.0, 1_000)
    few_shot = row("few_shot C=8 S=4 gmn/test", "nll", 91.0, 4)
    assert first_bounds([table1, few_shot]) == [few_shot]
    assert first_bounds([table1, row("table1 C=1 S=2 gmn/test", "nll", 84.0, 4)]) == [table1]
    assert first_bounds([part]) == []
