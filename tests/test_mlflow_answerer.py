"""What answers questions behind MLflow's own server."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from model_server import post, serving

from klue_pipeline.datasets.models.mlflow_model import MlflowAnswererDataset
from klue_pipeline.odqa.inference.model_package import INTERFACE, tabulate_request
from klue_pipeline.training.exporting.served_interface import ModelPackage

pytestmark = pytest.mark.slow

QUESTION, CONTEXT = "이순신이 이끈 것은 무엇입니까?", "조선의 수군은 이순신이 이끌었다."
ASKED, GIVEN = {"question": QUESTION}, {"question": QUESTION, "context": CONTEXT}
PLACES = ("answer", "best_guess", "title", "passage_id", "passage", "start_char", "end_char")


@pytest.fixture(scope="module")
def model(exported_answerer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "mlflow_model"
    package = ModelPackage(exported_answerer, tabulate_request(searches=True), {}, INTERFACE)
    MlflowAnswererDataset(filepath=str(folder)).save(package)
    return folder


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with serving(model.parent, model.name, tmp_path_factory.mktemp("log") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def wanted(exported_answerer):
    """What Python says of the question, searched for and with its context."""
    from klue_pipeline import QuestionAnswerer

    answerer = QuestionAnswerer.from_pretrained(exported_answerer)
    return {"asked": answerer(QUESTION), "given": answerer(QUESTION, context=CONTEXT)}


def check(answers, wanted, kinds):
    assert len(answers) == len(kinds)
    for answer, kind in zip(answers, kinds, strict=True):
        assert {name: answer[name] for name in PLACES} == {
            name: getattr(wanted[kind], name) for name in PLACES
        }
        for name in ("probability", "confidence"):
            said = getattr(wanted[kind], name)
            assert answer[name] == (said if said is None else pytest.approx(said, abs=0.01))


def test_a_server_answers_with_and_without_a_context(server, wanted):
    for kinds, body in (
        (["asked"], {"dataframe_records": [ASKED]}),
        (["given"], {"dataframe_records": [GIVEN]}),
        (["given", "asked"], {"inputs": [GIVEN, {**GIVEN, "context": None}]}),
        (["given"], {"dataframe_split": {"columns": list(GIVEN), "data": [[*GIVEN.values()]]}}),
    ):
        status, answer = post(server, body)
        assert status == 200, answer
        check(answer["predictions"], wanted, kinds)


def test_many_ask_at_once(server, wanted):
    kinds = ["asked", "given"] * 8
    bodies = [{"inputs": [ASKED if kind == "asked" else GIVEN]} for kind in kinds]
    with ThreadPoolExecutor(8) as askers:
        answers = list(askers.map(lambda body: post(server, body), bodies))
    for kind, (status, answer) in zip(kinds, answers, strict=True):
        assert status == 200, answer
        check(answer["predictions"], wanted, [kind])


def test_a_server_answers_csv(server, wanted):
    lines = f"question,context\n{QUESTION},\n{QUESTION},{CONTEXT}\n"
    status, answer = post(server, lines, "text/csv")
    assert status == 200, answer
    check(answer["predictions"], wanted, ["asked", "given"])


def test_the_example_of_the_model_is_answered(server, model):
    text = (model / "serving_input_example.json").read_text(encoding="utf-8")
    status, answer = post(server, text)
    assert status == 200, answer
    assert len(answer["predictions"]) == len(json.loads(text)["dataframe_split"]["data"])


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"inputs": [ASKED, {"question": " "}]}, 400, "Question 1, counted from 0, cannot be ans"),
        ({"inputs": [{**ASKED, "context": ""}]}, 400, "the context is empty; leave it out"),
        ({"inputs": [{**ASKED, "context": [1]}]}, 400, "context is [1], wanted text"),
        ({"inputs": [{"context": CONTEXT}]}, 400, "found columns: context."),
        ({"inputs": [{"text": QUESTION}]}, 400, "The column question is missing"),
        ({"inputs": [{**GIVEN, "context": CONTEXT * 1_000}]}, 400, "max_text_characters"),
        ({"inputs": [ASKED] * 1_001}, 400, "--pipelines odqa_answer_new"),
        ({"rows": [ASKED]}, 400, "exactly one of the input fields"),
        ('{"inputs": [', 400, "valid JSON"),
        ({"inputs": [{**GIVEN, "context": CONTEXT * 300_000}]}, 413, "max_request_bytes"),
    ],
)
def test_a_bad_request_is_refused_with_the_reason(server, body, status, said):
    found, answer = post(server, body)
    assert (found, "stack_trace" in answer) == (status, False)
    assert said in answer["message"]
