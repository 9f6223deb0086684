"""How MLflow is reached: its own settings, its import, and the database behind it."""

import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from klue_pipeline.databases import SQLITE_PREFIX, alone_at, sqlite_file
from klue_pipeline.tracking.patience import Patience, PatientClient
from klue_pipeline.tracking.tracking_params import DATABASES

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE_WAIT_SECONDS = 30.0

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # the default 7 stops a training for minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
}
"""MLflow's own settings, unless the user has set them."""
DATABASE_ENVIRONMENT = {"MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool"}
"""An open connection must not cross a fork: none is kept between two calls (some ms each)."""
LOUD_LOGGERS = {
    "mlflow.store.db.utils": logging.CRITICAL,  # a traceback for each error, which it also raises
    "mlflow.store.tracking": logging.WARNING,
    "alembic": logging.WARNING,
}


def connect(uri: str, patience: Patience) -> "MlflowClient":
    """Import MLflow quietly and make a client whose calls go through ``patience``."""
    file = sqlite_file(uri)
    of_store = DATABASE_ENVIRONMENT if uri.startswith(DATABASES) else {}
    for name, value in {**ENVIRONMENT, **of_store}.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for name, level in LOUD_LOGGERS.items():  # only now: importing MLflow configures its loggers
        logging.getLogger(name).setLevel(level)
    if file is not None:
        prepare = _require_usable_sqlite if file.exists() else _create_database
        patience.wait_for(lambda: prepare(file))

    def make_client() -> MlflowClient:
        with alone_at(uri):
            return MlflowClient(tracking_uri=uri)

    client = patience.wait_for(make_client)
    return PatientClient(client, patience)  # type: ignore[return-value]


def _create_database(file: Path) -> None:
    """Make a new database with MLflow's tables, whole or not at all.

    MLflow makes its tables step by step. A process that is killed meanwhile leaves a database that
    never works again, and two processes that start together break each other; so each makes a
    draft of its own, and the first one to be ready wins.
    """
    from mlflow import MlflowClient

    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    try:
        _require_usable_sqlite(draft)
        MlflowClient(tracking_uri=f"{SQLITE_PREFIX}{draft.as_posix()}")
        _move_unless_there(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _move_unless_there(draft: Path, file: Path) -> None:
    try:
        os.link(draft, file)  # unlike a rename, never replaces
    except OSError:  # another process was faster, or the file system has no links
        if not file.exists():
            draft.rename(file)


def _require_usable_sqlite(file: Path) -> None:
    """Fail at once on a file that is no database or cannot be written; MLflow retries for minutes.

    Raises:
        sqlite3.Error: The file cannot be opened, read or written.
    """
    with closing(sqlite3.connect(file, timeout=SQLITE_WAIT_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
