"""A real PostgreSQL of the tests' own, with databases that MLflow and Optuna can be pointed at.

The server listens on loopback and asks for a password, as that of a team does. It is started by the
first test that wants it and is gone at the end. The tests run as root in some places, where
PostgreSQL refuses to start: there it runs as the user ``postgres``, which the package makes.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

USER, PASSWORD = "klue", "SECRETWORD"
SYSTEM_USER = "postgres"
SECONDS_TO_START = 60
TRIES = 3
"""Another process may take the free port before the server does."""
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=16MB")
"""Nothing of this server has to survive a power failure."""


def find_postgres() -> Path:
    """Return the folder of its programs; without any, tests are skipped, unless they must run."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version_of)
    found = shutil.which("initdb") or (debian[-1] if debian else None)
    if found is None:
        end = pytest.fail if os.environ.get("KLUE_REQUIRE_POSTGRES") else pytest.skip
        end("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(found).parent


def _version_of(initdb: Path) -> int:
    return int(initdb.parts[-3])


class PostgresServer:
    """One server: databases are made in it, and it may be stopped and started in mid-test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = find_postgres()
        self._process: subprocess.Popen[bytes] | None = None
        self._n_databases = 0
        self.port = 0

    def create(self) -> None:
        """Make the server's files."""
        password_file = self._folder / "password"
        password_file.write_text(PASSWORD, "utf-8")
        if os.geteuid() == 0:
            shutil.chown(self._folder, SYSTEM_USER, SYSTEM_USER)
            shutil.chown(password_file, SYSTEM_USER, SYSTEM_USER)
        subprocess.run(
            [self._programs / "initdb", "-D", self._folder / "data", "-U", USER, "-E", "UTF8",
             "--locale=C", "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"],
            check=True, capture_output=True, **self._as_system_user(),
        )  # fmt: skip

    def start(self) -> None:
        """Start, on the same port as before if there was one, and wait until it answers."""
        fixed = self.port
        for _ in range(TRIES):
            self.port = fixed or free_port()
            options = [part for setting in QUICK for part in ("-c", setting)]
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [self._programs / "postgres", "-D", self._folder / "data", "-h", "127.0.0.1",
                     "-p", str(self.port), "-k", self._folder, *options],
                    stdout=log, stderr=log, **self._as_system_user(),
                )  # fmt: skip
            if self._answers():
                return
        pytest.fail((self._folder / "log").read_text("utf-8", errors="replace"))

    def stop(self) -> None:
        """End every connection and the server."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)  # "fast": it waits for nobody
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def freeze(self) -> None:
        """Let the server accept connections and never answer."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def new_database(self, template: str = "template1") -> str:
        """Make a database that is empty, or a copy of another; return its address."""
        self._n_databases += 1
        name = f"made_{self._n_databases}"
        self.ask("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.address_of(name)

    def address_of(self, database: str, login: str = f"{USER}:{PASSWORD}") -> str:
        """Return SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/{database}"

    def ask(self, database: str, query: str) -> list[tuple]:
        """Return the rows that a query has, none if it returns nothing."""
        import psycopg

        given = {"user": USER, "password": PASSWORD, "host": "127.0.0.1", "port": self.port}
        with psycopg.connect(dbname=database, autocommit=True, **given) as connection:
            answer = connection.execute(query)
            return answer.fetchall() if answer.description else []

    def _answers(self) -> bool:
        """Wait until the server answers; tell whether it does."""
        import psycopg

        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                self.ask("postgres", "SELECT 1")
                return True
            time.sleep(0.05)
        self.stop()
        return False

    @staticmethod
    def _as_system_user() -> dict[str, object]:
        if os.geteuid() != 0:
            return {"start_new_session": True}
        # A folder of root's, which the tests may be started in, cannot be entered.
        return {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": [], "cwd": "/",
                "start_new_session": True}  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres():
    """A running server, without a database in it that anybody needs."""
    find_postgres()
    folder = Path(
        tempfile.mkdtemp(prefix="klue_postgres_")
    )  # pytest's own folders are root's alone
    server = PostgresServer(folder)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def mlflow_tables(postgres):
    """The name of a database with MLflow's tables, to copy: MLflow takes seconds to make them."""
    from klue_pipeline.tracking.mlflow_client import RunStore

    address = postgres.new_database()
    RunStore(address)
    return address.rpartition("/")[2]


@pytest.fixture
def mlflow_database(postgres, mlflow_tables):
    """The address, with a password, of a database for MLflow that has no run yet."""
    return postgres.new_database(mlflow_tables)
