"""MLflow's experiments with the pages of their runs, as ``make mlflow`` prints them."""

import argparse
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from klue_pipeline.runs.records.mlflow_pages import LOCAL_SERVER, experiment_page


def list_experiments(database: Path, server: str = LOCAL_SERVER) -> Iterator[tuple[str, str]]:
    """Yield name and page of each experiment in a database, without importing MLflow.

    Args:
        database: MLflow's sqlite file; one that is not there has no experiments.
        server: Where MLflow answers.
    """
    if not database.is_file():
        return
    query = (
        "SELECT name, experiment_id FROM experiments WHERE lifecycle_stage = 'active' AND "
        "experiment_id IN (SELECT experiment_id FROM runs) ORDER BY experiment_id"
    )
    with closing(sqlite3.connect(database)) as connection:
        for name, number in connection.execute(query):
            yield name, experiment_page(str(number), server)


def _parse_arguments() -> argparse.Namespace:
    """Read the database, and of what ``mlflow ui`` is given the port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("-p", "--port", default=LOCAL_SERVER.rpartition(":")[2])
    return parser.parse_known_args()[0]


if __name__ == "__main__":
    arguments = _parse_arguments()
    server = f"{LOCAL_SERVER.rpartition(':')[0]}:{arguments.port}"
    for name, page in list_experiments(arguments.database, server):
        click.echo(f"{name}: {page}")
