"""What can go wrong with the store, each as one clear line that says what to do.

StorageError
├── StoreBusy         another job, or another program, holds the live file
├── StoreUnreadable   the live file or a snapshot is damaged, or the home cannot be used
├── StoreMismatch     the live file was made by another version of the product
├── NoSnapshot        nothing has been published yet
├── ExportRefused     the folder for an export holds something else
├── NotRefreshed      the series have never been computed
├── DiskFull          no room to write; everything committed is still there
└── QueryError
    ├── QueryRefused  not one read-only statement, or it reached for files, network or settings
    ├── QueryFailed   the SQL is wrong
    ├── QueryTooLong  it ran past its time
    └── QueryTooLarge it needed more memory, or wrote more, than it may
"""

from __future__ import annotations

import duckdb

_FULL = ("no space left", "file too large", "disk quota", "could not write", "failed to write", "could not fsync")
_DAMAGED = (
    "corrupt",
    "checksum",
    "not a valid duckdb",
    "serialization error",
    "failed to deserialize",
    "could not read",
    "replaying wal",
)


class StorageError(Exception):
    """Anything the store cannot do; its text is one line for a person."""


class StoreBusy(StorageError):
    """Another job, or another program, holds the live file."""


class StoreUnreadable(StorageError):
    """A file of the store is damaged, or the home cannot be used."""


class StoreMismatch(StorageError):
    """The live file was made by another version of the product."""


class NoSnapshot(StorageError):
    """Nothing has been published yet."""


class ExportRefused(StorageError):
    """The folder for an export holds something else."""


class NotRefreshed(StorageError):
    """The series have never been computed."""


class DiskFull(StorageError):
    """There is no room to write; what was committed is still there."""


class QueryError(StorageError):
    """A query that gave no answer."""


class QueryRefused(QueryError):
    """Not one read-only statement, or it reached for files, network or settings."""


class QueryFailed(QueryError):
    """The SQL is wrong."""


class QueryTooLong(QueryError):
    """The query ran past its time."""


class QueryTooLarge(QueryError):
    """The query needed more memory, or wrote more, than it may."""


def first_line(error: BaseException) -> str:
    """The first line of an error's text: the rest of DuckDB's is for its developers."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def means_full(error: duckdb.Error) -> bool:
    """Whether DuckDB failed for want of disk space (also when that has since made the handle unusable)."""
    return any(words in str(error).lower() for words in _FULL)


def means_damaged(error: duckdb.Error) -> bool:
    """Whether DuckDB found its own file damaged."""
    return any(words in str(error).lower() for words in _DAMAGED)
