"""A trained model behind MLflow's own commands, typed in the project's folder."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from model_server import post, serving

pytestmark = pytest.mark.slow

MODEL = "data/test/06_models/typed_punct_query/mlflow_model"
SENTENCE = "이순신은 조선의 무신이다."
OFFSETS = {
    "sentence": SENTENCE,
    "subject_start": 0, "subject_end": 3, "object_start": 5, "object_end": 7,
    "subject_type": "PER", "object_type": "LOC",
}  # fmt: skip
WORDS = {
    "sentence": SENTENCE,
    "subject": "이순신", "object": "조선", "subject_type": "PER", "object_type": "LOC",
}  # fmt: skip
BAD_ROWS = [
    ({**OFFSETS, "subject_end": 99}, "characters 0 to 99 (exclusive) are no part"),
    ({**OFFSETS, "object_start": 5.5}, "object: start and end are '5.5' and 7"),
    ({"sentence": SENTENCE, "object": "조선"}, "no subject"),
]


@pytest.fixture(scope="module")
def packaged(whole_run, tmp_path_factory):
    """A project with a model for MLflow, logged to its run as well."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("packaged") / "project")
    (project.folder / "mlflow.db").unlink()  # it would send files to where it was copied from
    ended = project.run(
        "--pipelines", "mlflow_model", "--params", "mlflow.enabled=true,mlflow.log_models=true"
    )
    assert ended.code == 0, ended.console
    assert "site-packages" not in ended.console
    return project


@pytest.fixture(scope="module")
def wanted(packaged):
    """What the classifier says of the sentence."""
    from klue_pipeline import RelationClassifier

    folder = packaged.data / "06_models/typed_punct_query/exported"
    classifier = RelationClassifier.from_pretrained(folder)
    return classifier(
        SENTENCE, subject=(0, 3), object=(5, 7), subject_type="PER", object_type="LOC"
    )


@pytest.fixture(scope="module")
def server(packaged, tmp_path_factory):
    with serving(packaged.folder, MODEL, tmp_path_factory.mktemp("server") / "log") as address:
        yield address


def check(answers, wanted, rows):
    assert len(answers) == rows
    for answer in answers:
        assert answer["label"] == wanted.label
        assert answer["probability"] == pytest.approx(wanted.probability, abs=0.01)
        assert answer["probabilities"] == pytest.approx(wanted.probabilities, abs=0.01)


def test_a_server_answers_by_offsets_and_by_words(server, wanted):
    for rows, body in (
        (1, {"dataframe_records": [OFFSETS]}),
        (1, {"dataframe_records": [WORDS]}),
        (3, {"dataframe_records": [OFFSETS, WORDS, {**WORDS, "subject_start": None}]}),
        (1, {"dataframe_split": {"columns": list(WORDS), "data": [list(WORDS.values())]}}),
        (2, {"inputs": [OFFSETS, {**WORDS, "object_end": None}]}),
    ):
        status, answer = post(server, body)
        assert status == 200, answer
        check(answer["predictions"], wanted, rows)


def test_many_ask_at_once(server, wanted):
    bodies = [{"dataframe_records": [OFFSETS, WORDS][: 1 + number % 2]} for number in range(24)]
    with ThreadPoolExecutor(8) as askers:
        answers = list(askers.map(lambda body: post(server, body), bodies))
    for body, (status, answer) in zip(bodies, answers, strict=True):
        assert status == 200, answer
        check(answer["predictions"], wanted, len(body["dataframe_records"]))


@pytest.mark.parametrize(("row", "said"), BAD_ROWS)
def test_a_bad_row_is_a_bad_request_that_says_why(server, row, said):
    status, answer = post(server, {"dataframe_records": [OFFSETS, row]})
    assert (status, "stack_trace" in answer) == (400, False)
    assert said in answer["message"]
    assert "Sentence 1, counted from 0" in answer["message"]


def test_a_server_answers_csv(server, wanted):
    names = list({**OFFSETS, **WORDS})
    lines = [",".join(str(row.get(name, "")) for name in names) for row in (OFFSETS, WORDS)]
    status, answer = post(server, "\n".join([",".join(names), *lines]), "text/csv")
    assert status == 200, answer
    check(answer["predictions"], wanted, 2)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"inputs": [{**OFFSETS, "sentence": SENTENCE * 300_000}]}, 413, "max_request_bytes"),
        ({"inputs": [{**OFFSETS, "sentence": SENTENCE * 1_000}]}, 400, "max_text_characters"),
        ({"inputs": [OFFSETS] * 1_001}, 400, "max_rows"),
        ("[" * 100_000, 400, "nested too deeply"),
    ],
)
def test_a_request_that_would_keep_the_others_waiting_is_refused(server, body, status, said):
    found, answer = post(server, body)
    assert (found, "stack_trace" in answer) == (status, False)
    assert said in answer["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"dataframe_records": [', "valid JSON"),
        ({"rows": [OFFSETS]}, "exactly one of the input fields"),
        ({"dataframe_records": [{"text": SENTENCE}]}, "The column sentence is missing"),
        ({"dataframe_records": [{"subject": "이순신"}]}, "found columns: subject."),
        ({"dataframe_records": []}, "The column sentence is missing"),
    ],
)
def test_a_bad_request_is_refused(server, body, said):
    status, answer = post(server, body)
    assert (status, "stack_trace" in answer) == (400, False)
    assert said in answer["message"]


def test_the_example_of_the_model_is_answered(server, packaged, wanted):
    text = (packaged.folder / MODEL / "serving_input_example.json").read_text(encoding="utf-8")
    status, answer = post(server, text)
    assert status == 200, answer
    check(answer["predictions"], wanted, 2)


def test_the_model_of_a_run_answers_a_table(packaged, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(packaged.folder)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{packaged.folder}/mlflow.db")
    from mlflow import MlflowClient, pyfunc

    client = MlflowClient()
    experiment = client.get_experiment_by_name("klue-relation-test")
    run, *_ = client.search_runs([experiment.experiment_id], order_by=["start_time DESC"])
    table = tmp_path / "request.csv"
    pd.DataFrame([OFFSETS, WORDS]).astype("object").to_csv(table, index=False)
    model = pyfunc.load_model(f"runs:/{run.info.run_id}/mlflow_model")
    check(model.predict(pd.read_csv(table)).to_dict("records"), wanted, 2)
