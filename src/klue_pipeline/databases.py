"""Databases that MLflow and Optuna keep their records in, and who makes and fills their tables.

Both make their tables at first use, and of processes that do so at once all but one fail. What is
asked of the tables afterwards is theirs.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

SQLITE_PREFIX = "sqlite:///"
_LOCK = int.from_bytes(b"klue")


def is_postgres(address: str) -> bool:
    """Tell whether an address names a PostgreSQL, with whichever driver.

    >>> is_postgres("postgresql+psycopg://db.example/mlflow"), is_postgres("http://127.0.0.1:5000")
    (True, False)
    """
    return address.startswith("postgresql")


def sqlite_file(address: str) -> Path | None:
    """Return the file of an absolute sqlite address; None for other addresses."""
    file = address.removeprefix(SQLITE_PREFIX).partition("?")[0]
    is_file = address.startswith(SQLITE_PREFIX) and file not in ("", ":memory:")
    return Path(file) if is_file else None


@contextlib.contextmanager
def alone_at(address: str) -> Iterator[bool]:
    """Keep other processes of this project out of what they do alone at the same database.

    The system or the database forgets the dead. A server that does not answer fails here at once,
    where MLflow would try again for minutes.

    Yields:
        Whether others are kept out: PostgreSQL and sqlite files have a lock, other databases none.

    Raises:
        ImportError: The driver is not installed.
        sqlalchemy.exc.OperationalError: The server does not answer, or refuses us.
    """
    with contextlib.ExitStack() as stack:
        if is_postgres(address):
            stack.enter_context(_alone_in_postgres(address))
            yield True
        elif file := sqlite_file(address):
            yield _lock_folder(file.parent, stack)
        else:
            yield False


@contextlib.contextmanager
def _alone_in_postgres(address: str) -> Iterator[None]:
    """Hold a lock that belongs to a connection."""
    from sqlalchemy import NullPool, create_engine, text

    try:
        engine = create_engine(address, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the database driver {error.name} is not installed. Write postgresql+psycopg://… "
            "and install that driver: pip install 'klue_pipeline[postgresql]'"
        ) from error
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        yield


def _lock_folder(folder: Path, stack: contextlib.ExitStack) -> bool:
    """Lock the folder of a file until the stack unwinds, where the file system has such locks."""
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except (OSError, ImportError):
        return False
    return True
