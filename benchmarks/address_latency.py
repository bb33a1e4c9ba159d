"""Times reading an address from memories of a hundred to a million entries.

    python -m benchmarks.address_latency

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from benchmarks.command import fill_in, listed, new_parser, run_command
from benchmarks.results_file import markdown_table
from benchmarks.timing import summary, time_calls

_MEMORY_SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
_NUM_QUERIES = 32
# Below this the exact reading takes a few milliseconds, and an index has nothing to save.
_SMALLEST_INDEXED = 10_000
_RESULTS = Path(__file__).parent / "results" / "address_latency.json"
_TIMES = ("M", "reading", "ms", "quartiles", "floor, ms", "ratio", "recall@32", "share of q")
_BOUNDS = ("found", "KL(a)", "L_1", "L_4", "L_100", "L_100 less exact")


_FULL = {"memory_sizes": _MEMORY_SIZES, "rounds": 5, "calls": 3, "output": _RESULTS}
_QUICK = {"memory_sizes": [100, 10_000], "rounds": 1, "calls": 1}


def parser() -> argparse.ArgumentParser:
    options = new_parser(
        "address_latency", __doc__, _FULL["rounds"], quick="M = 100 and 10000 made-up drawings"
    )
    options.add_argument(
        "--memory-sizes",
        type=int,
        nargs="+",
        metavar="M",
        help=f"entries in memory ({listed(_MEMORY_SIZES)})",
    )
    options.add_argument(
        "--calls", type=int, metavar="N", help=f"timed calls in each turn ({_FULL['calls']})"
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns its exit code."""
    options = parser().parse_args(arguments)
    return run_command(lambda: run(resolve(options)))


def resolve(options: argparse.Namespace) -> argparse.Namespace:
    """Fills in what was not given; raises InvalidArgumentError or OutputError."""
    return fill_in(options, _FULL, _QUICK)


def run(options: argparse.Namespace) -> None:
    """Measures, prints the tables, and writes them where `options.output` says."""
    # Imports TensorFlow, which takes seconds: after the arguments are known to be right.
    from benchmarks.bound_loss import bound_rows
    from benchmarks.drawn_keys import drawn_keys
    from benchmarks.machine import describe_machine, versions
    from tfvma.training.atomic import replacing

    drawn = drawn_keys(max(options.memory_sizes), "strokes" if options.quick else "omniglot26")
    rows = []
    for memory_size in options.memory_sizes:
        rows += measure(drawn, memory_size, options.rounds, options.calls)
    bounds = bound_rows(drawn)
    print(f"\n{table(rows)}\n\n{bound_table(bounds)}")
    if options.output is not None:
        result = {
            "machine": describe_machine(),
            "versions": versions(),
            "rows": rows,
            "bounds": bounds,
        }
        with replacing(options.output) as path:
            path.write_text(json.dumps(result, indent=1) + "\n")


def measure(drawn, memory_size: int, rounds: int, calls: int) -> list[dict]:
    """The rows of one memory size: the first `memory_size` of the drawn keys."""
    import tensorflow as tf

    from benchmarks.address_calls import FOUND, NUM_SAMPLES, PRODUCTS, make_calls
    from benchmarks.recall import recall_and_share
    from tfvma.large_memory import KeyIndex

    queries = drawn.queries[:_NUM_QUERIES]
    keys = drawn.keys[:memory_size]
    index = KeyIndex(keys) if memory_size >= _SMALLEST_INDEXED else None
    ways = make_calls(
        tf.constant(queries), tf.constant(drawn.prior_query), tf.constant(keys), index
    )
    milliseconds = {name: [] for name in ways}
    with tqdm(total=rounds * len(ways), unit="turn", file=sys.stderr) as progress:
        for _ in range(rounds):
            for name, call in ways.items():
                progress.set_description(f"M = {memory_size}, {name}")
                milliseconds[name] += time_calls(call, calls)
                progress.update()
    times = {name: summary(values) for name, values in milliseconds.items()}
    floor = min(times[name]["milliseconds"] for name in PRODUCTS)
    rows = {
        name: {
            "memory_size": memory_size,
            "reading": name,
            "num_queries": len(queries),
            "num_samples": NUM_SAMPLES,
            **times[name],
            "floor_milliseconds": floor,
            "ratio": round(times[name]["milliseconds"] / floor, 3),
        }
        for name in ways
    }
    if index is not None:
        for count in FOUND:
            rows[f"index, {count} found"].update(
                num_lists=index.num_lists,
                num_probes=index.num_probes,
                **recall_and_share(index, queries, keys, count),
            )
    return list(rows.values())


def table(rows: Sequence[dict]) -> str:
    """The times as a Markdown table."""
    return markdown_table(
        _TIMES,
        [
            [
                f"{row['memory_size']:,}",
                row["reading"],
                f"{row['milliseconds']:.2f}",
                "{:.2f} to {:.2f}".format(*row["quartiles"]),
                f"{row['floor_milliseconds']:.2f}",
                f"{row['ratio']:.2f}",
                f"{row['recall_at_32']:.3f}" if "recall_at_32" in row else "",
                f"{row['share_of_q']:.3f}" if "share_of_q" in row else "",
            ]
            for row in rows
        ],
    )


def bound_table(rows: Sequence[dict]) -> str:
    """What truncation does to the bound, as a Markdown table."""
    return markdown_table(
        _BOUNDS,
        [
            [
                row["found"],
                f"{row['kl_a']:.2f}",
                *(f"{row[f'bound_{k}']:.2f}" for k in (1, 4, 100)),
                f"{row['change']:.2f} ± {row['change_stderr']:.2f}",
            ]
            for row in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
