"""A dataset as tensorflow-datasets keeps it: where it lies, and whether it is whole."""

from __future__ import annotations

import hashlib
import os
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tfvma.errors import DataError


@dataclass(frozen=True)
class TfdsSource:
    """One version of one dataset.

    Attributes:
      title: what messages call it, such as "Omniglot".
      name, version: what tensorflow-datasets calls it, such as "omniglot" and "3.0.0".
      files: patterns of all files that are read.
      home_page: answers where the data can be downloaded.
    """

    title: str
    name: str
    version: str
    files: tuple[str, ...]
    home_page: str

    def find(self, data_dir: str | os.PathLike | None) -> Path:
        """The folder that holds the records.

        That of `data_dir`, else that of the environment variable TFVMA_DATA_DIR, else the
        default of tensorflow-datasets, downloaded where it is missing. Raises DataError, which
        says what was looked for, where, and what to do.
        """
        if data_dir is not None:
            return self._given("data_dir", data_dir)
        if os.environ.get("TFVMA_DATA_DIR"):
            return self._given("TFVMA_DATA_DIR", os.environ["TFVMA_DATA_DIR"])
        return self._downloaded()

    def fingerprint(self, folder: Path) -> str:
        """Digest of all files, so that no cache stands in for other or damaged ones."""
        digest = hashlib.sha256()
        for pattern in self.files:
            files = sorted(folder.glob(pattern))
            if not files:
                raise DataError(
                    f"looked for {pattern} of {self.title} {self.version} in {str(folder)!r} and "
                    f"found none. {self.hint}"
                )
            for file in files:
                try:
                    digest.update(hashlib.sha256(file.read_bytes()).digest())
                except OSError as error:
                    raise DataError(
                        f"cannot read {str(file)!r} ({error.strerror}). {self.hint}"
                    ) from error
        return digest.hexdigest()[:32]

    @contextmanager
    def reading(self, folder: Path) -> Iterator[None]:
        """Raises DataError where the records turn out to be damaged within the block."""
        import tensorflow as tf
        from google.protobuf.json_format import ParseError

        try:
            yield
        except (tf.errors.OpError, ParseError, OSError, ValueError, LookupError) as error:
            raise DataError(
                f"cannot read {self.title} {self.version} in {str(folder)!r}: the files are "
                f"damaged or incomplete ({_reason(error)}). Replace the folder. {self.hint}"
            ) from error

    @property
    def hint(self) -> str:
        """What to do where the data is missing."""
        return (
            "Set --data-dir or TFVMA_DATA_DIR to a folder of tensorflow-datasets that holds "
            f"{self.name}/{self.version}, or leave both unset to download it."
        )

    def _given(self, name: str, value: str | os.PathLike) -> Path:
        folder = Path(value).expanduser() / self.name / self.version
        if not folder.is_dir():
            raise DataError(
                f"{name}={str(value)!r}: looked for {self.title} in {str(folder)!r}, "
                f"which does not exist. {self.hint}"
            )
        return folder

    def _downloaded(self) -> Path:
        import tensorflow_datasets as tfds

        builder = tfds.builder(f"{self.name}:{self.version}")
        folder = Path(builder.data_dir)
        if folder.is_dir():
            return folder
        downloads = tfds.core.download
        try:
            # Without a network tfds tries again for minutes: ask once before.
            urllib.request.urlopen(self.home_page, timeout=20).close()
            builder.download_and_prepare()
        except (
            OSError,
            tfds.download.DownloadError,
            downloads.download_manager.NonMatchingChecksumError,
            downloads.extractor.ExtractError,
        ) as error:
            raise DataError(
                f"looked for {self.title} {self.version} in {str(folder)!r}, found nothing and "
                f"could not download it ({_reason(error)}). {self.hint}"
            ) from error
        return folder


def _reason(error: Exception) -> str:
    """The first line of a message, without the names of TensorFlow's graph nodes."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"\{\{.*?\}\}|\[Op:.*", "", line).strip()
