"""What an Elasticsearch server is asked and how its answers are read, on a stand-in over HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

from klue_pipeline.odqa.engines import elasticsearch
from klue_pipeline.odqa.engines.elasticsearch import ADDRESS_VARIABLE, retrieve_by_elasticsearch
from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams

PASSAGES = pd.DataFrame(
    {
        "passage_id": ["a", "b", "c"],
        "title": ["조선", "고려", "신라"],
        "text": ["무신 이순신", "무신\\n척준경", "화랑"],
    }
)
QUESTIONS = pd.DataFrame({"question_id": ["q0", "q1"], "question": ["무신 누구", "가야"]})


class StandIn:
    """The part of a server that is asked here; a passage scores its words that a question has."""

    def __init__(self):
        self.indexes, self.calls, self.refusal, self.loses = {}, [], None, 0

    def answer(self, method, path, lines):
        self.calls.append((method, path, lines))
        parts = path.partition("?")[0].strip("/").split("/")
        name, action = parts[0], parts[-1]
        if self.refusal and method == "PUT":
            reason = {"type": "illegal_argument_exception", "reason": self.refusal}
            return 400, {"error": reason | {"root_cause": [reason]}, "status": 400}
        if action == "_bulk":
            return 200, self.bulk(lines)
        if action == "_count":
            return 200, {"count": len(self.indexes[name]["documents"])}
        if action == "_msearch":
            return 200, {"responses": [self.search(name, body) for body in lines[1::2]]}
        if action == "_refresh":
            return 200, {}
        if method == "PUT":
            self.indexes[name] = {"body": lines[0], "documents": {}}
        elif method == "DELETE":
            del self.indexes[name]
        return (200 if method != "HEAD" or name in self.indexes else 404), {}

    def bulk(self, lines):
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            where = action["index"]
            if self.loses:
                self.loses -= 1
            else:
                self.indexes[where["_index"]]["documents"][where["_id"]] = document
            items.append({"index": {"_id": where["_id"], "status": 201}})
        return {"errors": False, "items": items}

    def search(self, name, body):
        words = body["query"]["match"]["searched"].split()
        hits = [
            {"_id": number, "_score": float(sum(w in text["searched"].split() for w in words))}
            for number, text in reversed(self.indexes[name]["documents"].items())
        ]
        hits = sorted((hit for hit in hits if hit["_score"]), key=lambda hit: -hit["_score"])
        return {"hits": {"hits": hits[: body["size"]]}, "status": 200}


@pytest.fixture
def server():
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            lines = [json.loads(line) for line in content.splitlines() if line]
            status, body = stand_in.answer(self.command, self.path, lines)
            payload = b"" if self.command == "HEAD" else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *args):
            pass

    for method in ("GET", "POST", "PUT", "HEAD", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        stand_in.url = f"http://127.0.0.1:{http.server_port}"
        yield stand_in
        http.shutdown()


def retrieve(url, *, title=True, ranking="BM25", top_k=2):
    params = RetrieverParams(name="elasticsearch", title=title, ranking=ranking, url=url)
    return retrieve_by_elasticsearch(PASSAGES, QUESTIONS, params, top_k)


@pytest.mark.parametrize(("title", "first"), [(True, "조선 무신 이순신"), (False, "무신 이순신")])
def test_passages_are_indexed_and_found(server, title, first):
    run = retrieve(server.url, title=title)
    assert Run.validate(run).to_numpy().tolist() == [["q0", "a", 1, 1.0], ["q0", "b", 2, 1.0]]
    (index,) = server.indexes.values()
    assert index["documents"]["0"] == {"searched": first}
    assert index["documents"]["1"]["searched"].endswith("무신 척준경")


@pytest.mark.parametrize(
    ("ranking", "kind"), [("BM25", "BM25"), ("DFR", "DFR"), ("IB", "IB"), ("LM", "LMDirichlet")]
)
def test_the_index_takes_korean_apart_and_ranks_as_set(server, ranking, kind):
    retrieve(server.url, ranking=ranking)
    (index,) = server.indexes.values()
    settings = index["body"]["settings"]
    assert settings["similarity"]["chosen"]["type"] == kind
    analyser = settings["analysis"]["analyzer"]["korean"]
    assert settings["analysis"]["tokenizer"][analyser["tokenizer"]]["type"] == "nori_tokenizer"
    field = index["body"]["mappings"]["properties"]["searched"]
    assert (field["similarity"], field["analyzer"]) == ("chosen", "korean")


def test_a_whole_index_is_used_again_and_a_half_one_is_not(server):
    server.loses = 1  # as a killed run would
    assert "a" not in retrieve(server.url)["passage_id"].tolist()
    whole = retrieve(server.url)
    assert "a" in whole["passage_id"].tolist()
    n_calls = len(server.calls)
    pd.testing.assert_frame_equal(retrieve(server.url), whole)
    assert len(server.calls) == n_calls + 3  # is it there, how many passages, search
    retrieve(server.url, title=False)
    assert len(server.indexes) == 2


def test_the_address_may_be_a_variable_and_is_never_guessed(server, monkeypatch):
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    with pytest.raises(ValueError, match=ADDRESS_VARIABLE):
        retrieve(None)
    monkeypatch.setenv(ADDRESS_VARIABLE, server.url)
    assert len(retrieve(None)) == 2


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [("Unknown tokenizer type [nori_tokenizer]", "analysis-nori"), ("no", "Look whether it runs")],
)
def test_a_server_that_refuses_is_named_without_its_password(server, refusal, remedy):
    server.refusal = refusal
    url = server.url.replace("://", "://kim:secret@")
    with pytest.raises(ConnectionError, match=remedy) as caught:
        retrieve(url)
    assert server.url.removeprefix("http://") in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_server(monkeypatch):
    monkeypatch.setattr(elasticsearch, "_TRIES", 0)
    with pytest.raises(ConnectionError, match="Look whether it runs"):
        retrieve("http://127.0.0.1:9")
