"""What can go wrong on the user's side, as exceptions.

Every message names the argument, its value and what was expected. The command
lines print these and stop; anything else is a defect of ours and keeps its
traceback.
"""

from __future__ import annotations


class TfvmaError(Exception):
    """Base of the errors that a user can mend."""


class InvalidArgumentError(TfvmaError, ValueError):
    """An argument or option has a value that cannot work."""


class DataError(TfvmaError, ValueError):
    """A dataset is missing, damaged, or holds less than was asked of it."""


class CheckpointError(TfvmaError, ValueError):
    """A checkpoint or SavedModel is missing, damaged, or of another architecture."""


class OutputError(TfvmaError, OSError):
    """A result cannot be written where it was asked for."""


class DivergedError(TfvmaError, ArithmeticError):
    """The training loss became NaN or infinite."""


class MissingPackageError(TfvmaError, ImportError):
    """An optional package is not installed."""


class WorkerLostError(TfvmaError, ConnectionError):
    """Another worker of a run on several machines has stopped or cannot be reached."""
