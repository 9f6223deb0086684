"""A served model under load: requests that wait are answered together, or each by itself.

    python benchmarks/serving.py --model <folder of an exported experiment> --rows test.csv

Two of MLflow's own servers hold the same model on loopback and are asked in turn, one row a
request. They differ in ``rows_together`` alone. Clients are threads of another process, which costs
the servers some of the machine.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.batch_prediction import COLUMNS, read_first
from benchmarks.markdown import write_table
from klue_pipeline.datasets.models.mlflow_model import MlflowModelDataset
from klue_pipeline.relation.inference.model_package import EXAMPLES, INTERFACE, tabulate_request
from klue_pipeline.training.exporting.micro_batches import ROWS_TOGETHER
from klue_pipeline.training.exporting.served_interface import ModelPackage

ASKING = Path(__file__).parent / "asking.py"
TOGETHER, ALONE = "together", "each by itself"
SETTINGS = {ALONE: 0, TOGETHER: ROWS_TOGETHER}
_SECONDS_TO_START = 120


@dataclass(frozen=True)
class Load:
    """How a server answered a number of clients.

    Attributes:
        rate: Requests a second.
        p50: Median latency in milliseconds.
        p95: What 95 % of the requests took at most, likewise.
    """

    rate: float
    p50: float
    p95: float


def save_model(exported: str, folder: Path) -> None:
    """Make of an exported experiment what MLflow serves."""
    example = tabulate_request(EXAMPLES["ko"], ())
    package = ModelPackage(Path(exported), example, {}, INTERFACE)
    MlflowModelDataset(filepath=str(folder)).save(package)


def write_bodies(rows: str, n_rows: int, path: Path) -> None:
    """Write the first rows of a file as one request a line."""
    table = read_first(rows, n_rows)[COLUMNS]
    renamed = table.rename(columns={"subject_text": "subject", "object_text": "object"})
    lines = renamed.to_json(orient="records", lines=True, force_ascii=False).splitlines()
    path.write_text("".join(f'{{"inputs": [{line}]}}\n' for line in lines), encoding="utf-8")


@contextmanager
def serving(model: Path, rows_together: int) -> Iterator[str]:
    """Yield the address of a server, which is gone afterwards with all its processes."""
    port = _find_port()
    settings = {"MLFLOW_PYFUNC_INFERENCE_CONFIG": json.dumps({"rows_together": rows_together})}
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    with (model.parent / f"server_{port}.log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603
            [*command, "-m", str(model), "-p", str(port)],
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": tools, **settings},
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/ping", server, Path(log.name))
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"The server does not answer:\n{log.read_text(encoding='utf-8')}")


def put_under_load(address: str, bodies: Path, clients: int, requests: int) -> Load:
    """Let clients in a process of their own ask a server."""
    command = [sys.executable, str(ASKING), address, str(bodies), str(clients), str(requests)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    asked = json.loads(done.stdout)
    slowest = statistics.quantiles(asked["latencies"], n=20, method="inclusive")
    return Load(requests / asked["seconds"], slowest[9] * 1_000, slowest[18] * 1_000)


def take_turns(
    servers: Mapping[str, str], bodies: Path, arguments: argparse.Namespace
) -> Iterator[list[str]]:
    """Put the servers under load in turn; yield a line of the table for each number of clients."""
    for clients in arguments.clients:
        loads: dict[str, list[Load]] = {name: [] for name in servers}
        for _ in range(arguments.rounds):
            for name, address in servers.items():
                loads[name].append(put_under_load(address, bodies, clients, arguments.requests))
        yield [str(clients), *_describe(loads)]


def _describe(loads: Mapping[str, Sequence[Load]]) -> Iterator[str]:
    for rounds in loads.values():
        yield f"{statistics.median(load.rate for load in rounds):.1f}"
        yield f"{statistics.median(load.p50 for load in rounds):.0f}"
        yield f"{statistics.median(load.p95 for load in rounds):.0f}"
    pairs = list(zip(loads[TOGETHER], loads[ALONE], strict=True))
    yield f"{statistics.median(ours.rate / theirs.rate for ours, theirs in pairs):.2f}"
    yield f"{statistics.median(ours.p95 / theirs.p95 for ours, theirs in pairs):.2f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", required=True, help="folder of an exported experiment")
    parser.add_argument("--rows", required=True, help="rows in a format that is recognised")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--requests", type=int, default=400, help="of all clients, each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        model, bodies = Path(folder) / "mlflow_model", Path(folder) / "bodies"
        save_model(chosen.model, model)
        write_bodies(chosen.rows, chosen.requests, bodies)
        with serving(model, SETTINGS[ALONE]) as alone, serving(model, SETTINGS[TOGETHER]) as ours:
            servers = {ALONE: alone, TOGETHER: ours}
            for address in servers.values():
                put_under_load(address, bodies, 4, 16)  # the first requests warm up
            lines = list(take_turns(servers, bodies, chosen))
    kinds = ("requests a second", "p50, ms", "p95, ms")
    columns = [f"{name}: {kind}" for name in servers for kind in kinds]
    print(write_table(["clients", *columns, "times the requests", "times the p95"], lines))


if __name__ == "__main__":
    main()
