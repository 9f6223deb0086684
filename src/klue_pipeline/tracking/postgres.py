"""A PostgreSQL that MLflow keeps its runs in: whether it can be used, and who makes the tables.

What is asked of it afterwards is MLflow's own; see ``connection``.
"""

from collections.abc import Iterator
from contextlib import contextmanager

PREFIX = "postgresql"
LONGEST_ARTIFACT_ADDRESS = 200
"""Characters that MLflow's tables hold of the address of a run's artifacts; sqlite never counts."""
BELOW_THE_LOCATION = len(f"/{'0' * 32}/artifacts")
"""What MLflow adds to the experiment's location for each run."""
_LOCK = int.from_bytes(b"mlflow")


def is_postgres(uri: str) -> bool:
    """Tell whether an address names a PostgreSQL, with whichever driver.

    >>> is_postgres("postgresql+psycopg://db.example/mlflow"), is_postgres("http://127.0.0.1:5000")
    (True, False)
    """
    return uri.startswith(PREFIX)


@contextmanager
def one_at_a_time(uri: str) -> Iterator[None]:
    """Let no other process of this project into the block that does the same for this database.

    MLflow makes its tables at first use. Of processes that do so at once, all but one fail. The
    lock is the database's and belongs to a connection, so that a dead process holds none. A server
    that does not answer fails here at once, where MLflow would try again for minutes.

    Raises:
        ImportError: The driver is not installed.
        sqlalchemy.exc.OperationalError: The server does not answer, or refuses us.
    """
    from sqlalchemy import NullPool, create_engine, text

    try:
        engine = create_engine(uri, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"the database driver {error.name} is not installed. Write postgresql+psycopg://… "
            "and install that driver: pip install 'klue_pipeline[postgresql]'"
        ) from error
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        yield


def require_short(location: str) -> None:
    """Refuse a place for artifacts that MLflow's tables cannot hold.

    Raises:
        ValueError: It is too long.
    """
    longest = LONGEST_ARTIFACT_ADDRESS - BELOW_THE_LOCATION
    if len(location) > longest:
        raise ValueError(
            f"artifact_location {location} has {len(location)} characters; in PostgreSQL MLflow "
            f"can keep {longest}. Name a shorter folder or address (artifact_location in "
            "tracking.yml), or track at an MLflow server, which keeps artifacts itself"
        )
