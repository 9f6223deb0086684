"""The pages in docs/ tell the truth: their files are written and their commands run, in order."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "own_data.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S
)
SET_UP = ["make setup", ". .venv/bin/activate"]
"""What whoever runs the tests has done already."""
NEEDS_A_HUB = "klue/roberta-base"
PORT = "5001"
SECONDS = 120


def blocks() -> list[re.Match[str]]:
    return list(BLOCK.finditer(PAGE))


def quicken(project) -> None:
    """Cut the training of conf/base short: what is learnt is not looked at."""
    path = project.folder / "conf" / "base" / "parameters_experiments.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("epochs: 15", "epochs: 2", 1), encoding="utf-8")


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KEDRO", "KLUE", "MLFLOW"))}
    tools = str(Path(sys.executable).parent)
    ours = {"OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    return {**kept, **ours, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}


class Reader:
    """Somebody who types what the page says, in the project's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])

    def write(self, name: str, body: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")

    def type(self, line: str) -> str:
        line = line.replace(PORT, self.port)
        if line.startswith("mlflow models serve"):
            return self.serve(line)
        return self.run(line, shell=True)  # noqa: S604 - the page is ours

    def run(self, command: str | list[str], *, shell: bool = False) -> str:
        done = subprocess.run(
            command,
            shell=shell,
            check=False,
            cwd=self.folder,
            env=environment(),
            text=True,
            capture_output=True,
            timeout=3 * SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serve(self, line: str) -> str:
        server = subprocess.Popen(shlex.split(line), cwd=self.folder, env=environment(),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  start_new_session=True)  # fmt: skip
        self.servers.append(server)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=2)
            except OSError:
                time.sleep(0.5)
            else:
                return ""
        raise AssertionError(f"no server after {SECONDS} seconds: {line}")

    def leave(self) -> None:
        for server in self.servers:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@pytest.mark.slow
def test_every_command_of_the_page_on_own_data(project):
    quicken(project)
    reader, told = Reader(project.folder), {}
    try:
        for block in blocks():
            body = block["body"]
            if block["file"]:
                reader.write(block["file"], body)
            elif block["kind"] == "python":
                told["python"] = reader.run([sys.executable, "-c", body])
            elif block["kind"] == "bash":
                for line in body.splitlines():
                    if line not in SET_UP:
                        told[line] = reader.type(line)
    finally:
        reader.leave()

    names = {"acquires", "competes_with", "invests_in", "partners_with", "supplies"}
    assert any(name in told["python"] for name in names)
    (answer,) = [text for line, text in told.items() if line.startswith("curl")]
    (prediction,) = yaml.safe_load(answer)["predictions"]
    assert set(prediction["probabilities"]) == names
    for mentioned in re.findall(r"`(data/(?:own|acme)/[\w./]+)`", PAGE):
        assert (project.folder / mentioned).exists(), mentioned
    predictions = "data/acme/08_reporting/typed_punct_query/predictions/english_new/predictions.csv"
    assert len(pd.read_csv(project.folder / predictions, encoding="utf-8-sig")) == 11


def test_two_files_of_eight_lines_are_enough():
    files = {block["file"]: block["body"] for block in blocks() if block["file"]}
    assert set(files) == {"conf/acme/globals.yml", "conf/acme/parameters.yml"}
    assert sum(len(body.splitlines()) for body in files.values()) == 8


def test_every_block_is_run_or_needs_a_hub():
    kinds = {(block["kind"], bool(block["file"])) for block in blocks()}
    assert kinds == {("bash", False), ("python", False), ("yaml", True), ("yaml", False)}
    (untried,) = [b["body"] for b in blocks() if b["kind"] == "yaml" and not b["file"]]
    assert NEEDS_A_HUB in untried
