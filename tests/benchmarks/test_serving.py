"""The benchmark of a served model, with a server that answers without any model."""

import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from benchmarks.asking import ask
from benchmarks.serving import main

from benchmarks import serving


@pytest.fixture
def answers():
    """What the servers were asked."""
    return []


@pytest.fixture
def serve(answers):
    @contextmanager
    def serve(status=200):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                answers.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever).start()
            yield f"http://127.0.0.1:{server.server_port}/invocations"
            server.shutdown()

    return serve


def test_clients_share_the_requests(serve, answers):
    bodies = [b"0", b"1", b"2"]
    with serve() as address:
        asked = ask(address, bodies, 2, 7)
    assert sorted(answers) == sorted(bodies * 2 + bodies[:1])
    assert len(asked["latencies"]) == 7
    assert 0 < asked["latencies"][0] <= asked["latencies"][-1] <= asked["seconds"]


def test_an_answer_that_is_none_is_no_measurement(serve):
    with serve(503) as address, pytest.raises(RuntimeError, match="answered 503"):
        ask(address, [b"0"], 1, 1)


def test_it_prints_a_line_for_each_number_of_clients(serve, answers, tmp_path, capsys, monkeypatch):
    settings = []

    def serve_any(model, rows_together):
        settings.append(rows_together)
        return serve()

    monkeypatch.setattr(serving, "serving", serve_any)
    monkeypatch.setattr(serving, "save_model", lambda *_: None)
    rows = tmp_path / "rows.jsonl"
    row = {
        "id": "1",
        "sentence": "이순신은 조선의 무신이다.",
        "subject": "이순신",
        "object": "조선",
    }
    rows.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    main(["--model", "m", "--rows", str(rows), "--clients", "1", "2", "--requests", "4",
          "--rounds", "1"])  # fmt: skip
    assert settings == [0, 32]
    assert len(answers) == 2 * (16 + 4 + 4)
    [record] = json.loads(answers[0])["inputs"]
    assert (record["object"], record["object_start"]) == ("조선", 5)
    lines = re.findall(r"^\| (\d+) (?:\| [\d.]+ ){8}\|$", capsys.readouterr().out, re.MULTILINE)
    assert lines == ["1", "2"]
