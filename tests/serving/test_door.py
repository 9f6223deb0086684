"""What a server looks at before a request is read: size, type and shape; what it answers then."""

import json

import pytest

from klue_pipeline.relation.inference.model_package import INTERFACE
from klue_pipeline.serving.door import Door
from klue_pipeline.training.exporting.request_limits import RequestLimits

LIMITS = RequestLimits(max_request_bytes=6_000, max_rows=3)
ROW = {"sentence": "NA는 조선이다.", "subject": "NA", "object": "조선"}
CSV = "sentence,subject,object,subject_start\nNA는 조선이다.,NA,조선,\n"


def hand_on(data, content_type, model, input_schema):
    """Stands for MLflow; what it is given is what it answers."""
    return data, content_type


def knock(body, content_type="application/json", inner=hand_on):
    text = body if isinstance(body, str) else json.dumps(body)
    return Door(inner, LIMITS, INTERFACE)(text.encode(), content_type, None, None)


def test_what_is_small_and_sound_is_handed_on():
    asked = {"dataframe_records": [ROW]}
    with_charset = "application/json; charset=utf-8"
    assert knock(asked, with_charset) == (asked, with_charset)


def test_csv_is_read_as_texts_and_empty_cells_as_none():
    request, content_type = knock(CSV, "Text/CSV")
    assert request == {"dataframe_records": [{**ROW, "subject_start": None}]}
    assert content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ({"dataframe_records": [ROW]}, None, "does not say of which type; wanted Content-Type"),
        ({"dataframe_records": [ROW]}, "application/xml", "of type application/xml"),
        ("[" * 5_900, "application/json", "nested too deeply"),
        ('{"inputs": ' + "9" * 5_900 + "}", "application/json", "no valid JSON: Exceeds the limit"),
        ("[]", "application/json", "is a JSON list; wanted an object with exactly one of"),
        ({"dataframe_records": [{}] * 4}, "application/json", r"4 rows; .*takes 3 .*max_rows"),
        ({"inputs": {"sentence": ["a"] * 4}}, "application/json", "has 4 rows"),
        ({"dataframe_split": {"data": [["a"]] * 4}}, "application/json", "has 4 rows"),
        ({"inputs": [{f"c{n}": 1 for n in range(101)}]}, "application/json", "has 101 columns"),
        (CSV + "a,b,c,1\n" * 9, "text/csv", "takes 3 at a time"),
        (CSV + "a,b\n", "text/csv", "line 3: found 2 fields, wanted 4"),
        ("text\n가\n", "text/csv", "lacks sentence: found text"),
    ],
)
def test_what_cannot_be_answered_is_a_bad_request(body, content_type, said):
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=said) as raised:
        knock(body, content_type)
    assert raised.value.get_http_status_code() == 400


def test_a_body_that_is_too_large_is_not_read():
    answer = knock("[" * 6_001, inner=None)
    assert answer.status == 413
    assert "6,001 bytes; this server takes 6,000 (max_request_bytes)" in answer.response


@pytest.mark.parametrize("trace", [{"stack_trace": "Traceback"}, {}])
def test_an_answer_has_neither_traceback_nor_the_request_in_it(trace):
    from mlflow.exceptions import MlflowException

    def refuse(*_):
        message = f"Failed to predict data '{'x' * 10_000}'. \nError: no subject"
        raise MlflowException(message, **trace)

    with pytest.raises(MlflowException) as raised:
        knock({"inputs": [ROW]}, inner=refuse)
    answer = json.loads(raised.value.serialize_as_json())
    assert answer["message"] == "no subject"
    assert "stack_trace" not in answer
