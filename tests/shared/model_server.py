"""MLflow's own server of models, started as a person starts it, and asked over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from projects import environment_for_commands

SECONDS_TO_START = 120


def environment():
    tools = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])  # noqa: PTH120
    return environment_for_commands({"PATH": tools, "MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"})


def mlflow(*arguments):
    return [sys.executable, "-m", "mlflow", "models", *arguments, "--env-manager", "local"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder, model, log):
    """The address of a server, which is gone afterwards with every process that it started.

    Args:
        folder: Where the command is typed.
        model: The folder of the model, as seen from there.
        log: The file of what the server says.
    """
    port = free_port()
    with log.open("wb") as console:
        server = subprocess.Popen(
            mlflow("serve", "-m", model, "-p", str(port)),
            cwd=folder, env=environment(), stdout=console, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", server, log)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(address, server, log):
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"no answer from {address}: {log.read_text(encoding='utf-8')}")


def post(address, body, content_type="application/json"):
    """Return the status and the answer; ``body`` is text, or what becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    headers = {"Content-Type": content_type}
    request = urllib.request.Request(address, text.encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)
