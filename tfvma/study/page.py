"""The measured part of docs/estimators.md, from the record of the study."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from statistics import fmean

from tfvma.errors import InvalidArgumentError
from tfvma.study.figures import names_of_figures
from tfvma.study.standings import MARGIN, Reached, Standing, best_rates, level, standings
from tfvma.study.tasks import FOUND

BEGIN = "<!-- measured: made by python -m tfvma.study.report from estimators.json; do not edit -->"
END = "<!-- end of what was measured -->"
HEAD = "# Gradient estimators compared\n\n"
_NONE = "–"
_GOALS = ("recalled", "at step", "after s", "found", "at step", "after s")
_POSTERIOR_ERROR = (
    "*Posterior error* is KL(q(a|x) ‖ p(a|x)) in nats, with p(a|x) from all slots, estimated with "
    "a few z each on two episodes."
)
# Groups of parameters whose gradient noise is shown.
GROUPS = ("addressing", "posterior", "decoder")


def with_measured(text: str, measured: str) -> str:
    """`text` with `measured` between its marks; raises InvalidArgumentError without marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidArgumentError(f"page: expected the lines {BEGIN!r} and {END!r}.")
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def measured_part(record: Mapping) -> str:
    """Tables, figures and who was first, for every task of the record."""
    sections = []
    for name, task in record["tasks"].items():
        figures = [f"![{title}]({file})" for title, file in names_of_figures(task)]
        gradients = [_gradients(task)] if task["gradients"] else []
        heading = f"## {_title(task)}\n\n    python -m tfvma.study.estimators --task {name}"
        sections.append("\n\n".join([heading, *_body(task), *figures, *gradients]))
    return "\n\n".join(sections)


def _body(task: Mapping) -> list[str]:
    if task["name"] == "samples":
        return _samples(task)
    if task["name"] == "rates":
        return _rates(task)
    return _few_shot(task) if task["goal"] is None else _recall(task)


def _title(task: Mapping) -> str:
    if task["goal"] is None:
        return "Few-shot Omniglot, equal time"
    if task["name"] == "rates":
        return f"Learning rates, recall of M = {task['memory_size']:,}"
    if task["name"] == "samples":
        return f"What K is worth, recall of M = {task['memory_size']:,}"
    copied = ", entries copied from the start" if task["name"] == "lookup256" else ""
    return f"MNIST recall, M = {task['memory_size']:,}{copied}"


def _setting(task: Mapping, samples: bool = True) -> str:
    k = f"K = {task['num_samples']}, " if samples else ""
    counts = {row.seeds for row in standings(task)}
    seeds = " to ".join(map(str, sorted({min(counts), max(counts)})))
    return (
        f"{k}optimizer {task['optimizer']}; a run ends after {task['steps']:,} steps or "
        f"{task['cpu_seconds']:,.0f} CPU seconds of its steps on one thread, whichever is first; "
        f"{seeds} seed{'s' if max(counts) > 1 else ''} each. The held-out NLL is that of L_K with "
        f"K as in training, measured every {task['validation']:,} steps and at the end."
    )


def _goals(task: Mapping) -> str:
    return (
        f"*Recalled* is an NLL of at most log M + {MARGIN:g} = {task['goal'] + MARGIN:.2f} nats, "
        f"*found* an address accuracy of at least {FOUND}: how many of the seeds reached it, at "
        "one validation or more, and the mean steps and CPU seconds until then of those that did."
    )


def _recall(task: Mapping) -> list[str]:
    rows = standings(task)
    text = (
        f"{_setting(task)} {_goals(task)} What follows is at the end: a mean over "
        "the seeds and, in brackets, the lowest and the highest, but for those that diverged. "
        f"{_POSTERIOR_ERROR} The best is the first row: the largest share of seeds that recalled, "
        "in the fewest seconds; then found; then the NLL."
    )
    lines = [
        [
            f"`{row.estimator}`",
            f"{row.learning_rate:g}",
            *_goal_cells(row.recalled, row.seeds),
            *_goal_cells(row.found, row.seeds),
            _spread(row, "nll", 1),
            _number(row.mean("kl_a"), 2),
            _percent(row.mean("address_accuracy")),
            _number(row.mean("posterior_error"), 2),
            f"{row.steps:,.0f}",
            f"{row.milliseconds:.1f}",
        ]
        for row in rows
    ]
    columns = (
        *("estimator", "rate", *_GOALS, "NLL", "KL(a)", "accuracy", "posterior error", "steps"),
        "CPU ms a step",
    )
    return [_fill(text), _table(columns, lines), _fill(_first(task, rows))]


def _first(task: Mapping, rows: Sequence[Standing]) -> str:
    """Who got to log M first, in seconds and in steps."""
    for what, goal in (
        (f"log M + {MARGIN:g} = {task['goal'] + MARGIN:.2f} nats", lambda row: row.recalled),
        (f"an address accuracy of {FOUND}", lambda row: row.found),
    ):
        reached = [row for row in rows if goal(row).count == row.seeds]
        if reached:
            by_seconds = min(reached, key=lambda row: goal(row).cpu_seconds)
            by_steps = min(reached, key=lambda row: goal(row).steps)
            return (
                f"With every seed, {len(reached)} of {len(rows)} estimators reached {what}: first "
                f"in seconds was `{by_seconds.estimator}` ({goal(by_seconds).cpu_seconds:.0f} s), "
                f"in steps `{by_steps.estimator}` ({goal(by_steps).steps:,.0f})."
            )
    return (
        f"With every seed, no estimator reached log M + {MARGIN:g}, or an address accuracy of "
        f"{FOUND}; the lowest mean NLL at the end was that of `{_lowest(rows).estimator}` "
        f"({_number(_lowest(rows).mean('nll'), 1)} nats)."
    )


def _few_shot(task: Mapping) -> list[str]:
    rows = standings(task)
    seconds = rows[0].equal_seconds
    after = f"NLL after {seconds:.0f} s"
    timing = (
        " CPU seconds here are those of its steps at what a step costs, timed in turns at the end "
        f"of the runs (`python -m tfvma.study.costs --task {task['name']}`): runs were made one "
        "after the other, and the machine was not always as fast."
        if task["costs"]
        else ""
    )
    text = (
        f"{_setting(task)}{timing} *{after}* is that after the time that every run had, linearly "
        f"between validations; what follows is at the end. {_POSTERIOR_ERROR}"
    )
    lines = [
        [
            f"`{row.estimator}`",
            f"{row.learning_rate:g}",
            str(row.seeds),
            f"{row.milliseconds:.1f}",
            _values(row.nll_then, 1, row.diverged),
            _spread(row, "nll", 1),
            f"{row.steps:,.0f}",
            _number(row.mean("kl_a"), 2),
            _number(row.mean("kl_z"), 2),
            _percent(row.mean("address_accuracy")),
            _number(row.mean("posterior_error"), 2),
        ]
        for row in rows
    ]
    columns = (
        *("estimator", "rate", "seeds", "CPU ms a step", after, "NLL at the end", "steps"),
        *("KL(a)", "KL(z)", "accuracy", "posterior error"),
    )
    return [_fill(text), _table(columns, lines), _fill(_preferred(task))]


def _preferred(task: Mapping) -> str:
    """Who had the lowest NLL, who may have, and whose address was right most often of these."""
    tied = level(task)
    if not tied:
        return "Every estimator had a run that diverged."
    first = min(tied, key=lambda row: fmean(row.nll_then))
    sentence = (
        f"After {first.equal_seconds:.0f} CPU seconds the lowest NLL was that of "
        f"`{first.estimator}` ({_values(first.nll_then, 1, 0)} nats)."
    )
    others = [f"`{row.estimator}`" for row in tied if row is not first]
    if not others:
        return f"{sentence} Of no other do the values overlap with its."
    return (
        f"{sentence} Values that overlap with its: {', '.join(others)}. Of these and it, the "
        f"address is right most often with `{tied[0].estimator}` "
        f"({_percent(tied[0].mean('address_accuracy'))})."
    )


def _samples(task: Mapping) -> list[str]:
    rows = sorted(standings(task), key=lambda row: (row.estimator, row.num_samples))
    lines = [
        [
            f"`{row.estimator}`",
            f"{row.learning_rate:g}",
            str(row.num_samples),
            *_goal_cells(row.recalled, row.seeds),
            *_goal_cells(row.found, row.seeds),
            _spread(row, "nll", 1),
            f"{row.milliseconds:.1f}",
        ]
        for row in rows
    ]
    columns = ("estimator", "rate", "K", *_GOALS, "NLL", "CPU ms a step")
    text = f"{_setting(task, samples=False)} {_goals(task)}"
    return [_fill(text), _table(columns, lines)]


def _rates(task: Mapping) -> list[str]:
    rows = standings(task)
    rates = sorted({row.learning_rate for row in rows})
    own = best_rates(task)
    lines = []
    for estimator in own:
        cells = {row.learning_rate: row for row in rows if row.estimator == estimator}
        lines.append(
            [
                f"`{estimator}`",
                *(_rate_cell(cells[rate]) if rate in cells else _NONE for rate in rates),
                f"{own[estimator]:g}",
            ]
        )
    text = (
        f"{_setting(task)} Each cell is the NLL at the end and, in brackets, the CPU seconds until "
        f"an address accuracy of {FOUND}. What is chosen is what stands best, by the rule of the "
        "tables below, and is used with other seeds there."
    )
    columns = ("estimator", *(f"rate {rate:g}" for rate in rates), "chosen")
    return [_fill(text), _table(columns, lines)]


def _rate_cell(row: Standing) -> str:
    found = f" ({row.found.cpu_seconds:.0f} s)" if row.found.count else ""
    return f"{_spread(row, 'nll', 1)}{found}"


def _gradients(task: Mapping) -> str:
    text = (
        "All estimators at the same weights, those of one run of `vimco`, and on the same held-out "
        "episode. *SNR* is the length of the mean of repeated gradients over that of their noise, "
        "sqrt of the sum of variances, which noise alone does not bring to 0; *variance* the mean "
        "over parameters of their variance. A low variance alone says little: a biased estimator "
        "can have any. A dash: the gradient did not vary."
    )
    command = f"    python -m tfvma.study.gradients --task {task['name']}"
    parts = ["### Noise of the gradients", command, _fill(text)]
    for step in sorted({row["step"] for row in task["gradients"]}):
        rows = [row for row in task["gradients"] if row["step"] == step]
        common = rows[0]
        parts.append(
            _fill(
                f"After {step:,} steps: effective sample size {common['ess']:.2f}, posterior error "
                f"{common['posterior_error']:.2f} nats, entropy of q(a|x) "
                f"{common['entropy_posterior']:.2f} and of p(a) {common['entropy_prior']:.2f} nats."
            )
        )
        rows.sort(key=lambda row: -(row["snr_addressing"] or 0.0))
        lines = [
            [
                f"`{row['estimator']}`",
                *(_ratio(row[f"snr_{group}"]) for group in GROUPS),
                *(f"{row[f'variance_{group}']:.1e}" for group in GROUPS),
            ]
            for row in rows
        ]
        columns = (
            "estimator",
            *(f"SNR {group}" for group in GROUPS),
            *(f"variance {group}" for group in GROUPS),
        )
        parts.append(_table(columns, lines))
    return "\n\n".join(parts)


def _lowest(rows: Sequence[Standing]) -> Standing:
    measured = [row for row in rows if not math.isnan(row.mean("nll"))]
    return min(measured or rows, key=lambda row: row.mean("nll"))


def _goal_cells(reached: Reached, seeds: int) -> tuple[str, str, str]:
    if reached.count == 0:
        return f"0 of {seeds}", _NONE, _NONE
    return f"{reached.count} of {seeds}", f"{reached.steps:,.0f}", f"{reached.cpu_seconds:.0f}"


def _spread(row: Standing, name: str, digits: int) -> str:
    return _values(row.ends[name], digits, row.diverged)


def _values(values: Sequence[float], digits: int, num_diverged: int) -> str:
    """A mean and, of several, the lowest and the highest."""
    mean = _number(fmean(values) if values else math.nan, digits)
    diverged = f"; {num_diverged} diverged" if num_diverged else ""
    if len(values) < 2:
        return mean + diverged
    return f"{mean} ({min(values):.{digits}f}–{max(values):.{digits}f}{diverged})"


def _ratio(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def _number(value: float, digits: int) -> str:
    return _NONE if math.isnan(value) else f"{value:,.{digits}f}"


def _percent(value: float) -> str:
    return _NONE if math.isnan(value) else f"{100 * value:.0f} %"


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    head = (columns, ["---", *["---:"] * (len(columns) - 1)])
    return "\n".join(f"| {' | '.join(line)} |" for line in (*head, *lines))


def _fill(text: str) -> str:
    return textwrap.fill(text, width=100, break_on_hyphens=False, break_long_words=False)
