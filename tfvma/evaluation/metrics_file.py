"""`metrics.json`: a list of rows, one for each number that was measured of a model."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple, get_type_hints

from tfvma.errors import OutputError
from tfvma.evaluation.locked import locked


class Trained(NamedTuple):
    """How a model was trained, as far as versions of it differ.

    Attributes:
      steps, minutes: of all stages; None where they are not known.
      sharpened_for: the K for which its logits were multiplied after training, or 0.
    """

    steps: int | None
    minutes: float | None
    sharpened_for: int


@dataclass(frozen=True)
class Row:
    """A measured number and how it came about.

    Attributes:
      protocol: protocol and settings, "few_shot C=8 S=4 omniglot26/test".
      metric, value, stderr: nats per image, or a fraction for accuracies; the standard
        error is that of a mean over episodes; of all_classes, confounders and table1 over
        characters; of nll over characters where images are of some, else, as of recall, over
        images.
      num_samples: K, None for what does not depend on it.
      targets: drawings averaged over.
      steps, minutes: of training; None where they are not known.
      version: of tfvma.
      seed: of episodes and samples.
      paper: the figure that the paper prints for this row, or None.
      command: what to type to measure it again.
      note: what a reader has to know, or "".
      sharpened_for: the K for which the model's logits were multiplied after training, or 0.
    """

    protocol: str
    metric: str
    value: float
    stderr: float
    num_samples: int | None
    targets: int
    steps: int | None
    minutes: float | None
    version: str
    seed: int
    paper: float | None
    command: str
    note: str
    sharpened_for: int = 0

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What a newer row replaces."""
        return self.protocol, self.metric, self.num_samples

    @property
    def trained(self) -> Trained:
        """Of which version of its model it is."""
        return Trained(self.steps, self.minutes, self.sharpened_for)


_TYPES = get_type_hints(Row)


def read_rows(path: str | os.PathLike) -> list[Row]:
    """The rows of a metrics file, none where there is no file.

    Raises OutputError for a file that is not such a list, so that it is not overwritten.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"output={str(path)!r}: cannot be read ({error.strerror}).") from error
    try:
        return [_checked(Row(**record)) for record in json.loads(text.decode())]
    except (ValueError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Row))
        raise OutputError(
            f"output={str(path)!r}: expected a list of rows with {names} ({error}); "
            "move the file away or choose another."
        ) from error


def _checked(row: Row) -> Row:
    for name, expected in _TYPES.items():
        value = getattr(row, name)
        # A whole number is a number too.
        if not isinstance(value, expected) and not (
            type(value) is int and isinstance(float(value), expected)
        ):
            raise TypeError(f"{name} is {value!r}")
    return row


def merge_rows(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """Old and new rows; a new row takes the place of the old one with the same key."""
    rows = {row.key: row for row in old}
    rows.update({row.key: row for row in new})
    return list(rows.values())


def aside_of(path: str | os.PathLike) -> Path:
    """The file beside a metrics file that takes the rows of other versions of the model."""
    path = Path(path)
    return path.with_name(f"{path.stem}.other_versions{path.suffix}")


def divide_rows(rows: Iterable[Row], trained: Trained) -> tuple[list[Row], list[Row]]:
    """The rows of a model that was trained in this way, and those of others.

    Of rows with the same key and training the last stays.
    """
    different = {(row.key, row.trained): row for row in rows}.values()
    own = [row for row in different if row.trained == trained]
    return own, [row for row in different if row not in own]


def rows_of_model(path: str | os.PathLike, trained: Trained) -> tuple[list[Row], list[Row]]:
    """The rows in a metrics file and aside of it that are of a model that was trained in this
    way, and those of others.

    Two models whose steps are not known cannot be told from each other.
    Raises OutputError as `read_rows` does.
    """
    return divide_rows([*read_rows(aside_of(path)), *read_rows(path)], trained)


def write_rows(path: str | os.PathLike, rows: Iterable[Row]) -> None:
    """Writes a metrics file beside itself and renames it: readers see all or nothing.

    Raises OutputError where that is not possible.
    """
    path = Path(path)
    text = json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        try:
            beside.write_text(text + "\n", encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"output={str(path)!r}: cannot be written ({error.strerror}).") from error


def merge_versions(
    path: str | os.PathLike, trained: Trained, new: Iterable[Row]
) -> tuple[list[Row], list[Row]]:
    """Writes new rows of a model into a metrics file, with the earlier ones that are of it.

    Rows of models that were trained otherwise are kept in the file `aside_of` it, and come back
    when theirs are written.

    Two processes that do it to one file at the same time take turns, so that no row is lost.

    Returns the rows of the file, and those kept aside. Raises as `read_rows` and `write_rows` do.
    """
    with locked(Path(path)):
        return _merge_versions(path, trained, new)


def _merge_versions(
    path: str | os.PathLike, trained: Trained, new: Iterable[Row]
) -> tuple[list[Row], list[Row]]:
    aside = aside_of(path)
    own, others = rows_of_model(path, trained)
    merged = merge_rows(own, new)
    if others:
        # Rows that come back stay here too until they are in the other file.
        write_rows(aside, [*others, *own])
    write_rows(path, merged)
    if others:
        write_rows(aside, others)
    else:
        aside.unlink(missing_ok=True)
    return merged, others


def merge_earlier_version(
    path: str | os.PathLike, trained: Trained, new: Iterable[Row]
) -> tuple[list[Row], list[Row]]:
    """As `merge_versions`, of a model of which there is a later version: where the file has rows of
    another one, these stay in it, and the new ones go to the file `aside_of` it.

    Returns the rows of this model, and those of others.
    """
    with locked(Path(path)):
        if any(row.trained == trained for row in read_rows(path)):
            return _merge_versions(path, trained, new)
        aside = aside_of(path)
        own, others = divide_rows(read_rows(aside), trained)
        merged = merge_rows(own, new)
        write_rows(aside, [*others, *merged])
        return merged, [*others, *read_rows(path)]
