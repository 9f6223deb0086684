"""A classifier behind a server: what it refuses is a bad request, what fails is not."""

import pandas as pd
import pytest

from klue_pipeline.relation.inference.model_package import INTERFACE
from klue_pipeline.serving.served_model import ServedModel
from klue_pipeline.training.exporting.request_limits import RequestLimits

ROW = {"sentence": "이순신은 조선의 무신이다.", "subject": "이순신", "object": "조선"}

LIMITS = RequestLimits(max_rows=3, max_text_characters=20)


class Classifier:
    """Answers nothing, or fails."""

    def __init__(self, error=None):
        self.error = error

    def answer(self, _):
        if self.error:
            raise self.error
        return []


def serve(error=None, limits=None):
    return ServedModel(Classifier(error), INTERFACE, limits)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROW], "세종 is not in it"),
        ([{"subject": "이순신"}], r"column sentence is missing; found columns: subject\."),
        ([], "none that is known"),
    ],
)
def test_what_cannot_be_answered_is_a_bad_request(rows, message):
    from mlflow.exceptions import MlflowException

    served = serve(ValueError("Sentence 1: 세종 is not in it"))
    with pytest.raises(MlflowException, match=message) as raised:
        served.predict(pd.DataFrame(rows))
    assert raised.value.get_http_status_code() == 400


def test_a_fault_of_ours_is_not_the_asker_s():
    served = serve(RuntimeError("out of memory"))
    with pytest.raises(RuntimeError, match="out of memory"):
        served.predict(pd.DataFrame([ROW]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([ROW] * 4, "has 4 rows; this server takes 3"),
        ([ROW, {**ROW, "sentence": "가" * 21}], "Sentence 1, .*sentence has 21 characters.* 20 "),
        ([{**ROW, "object": "가" * 21}], "object has 21 characters"),
    ],
)
def test_a_server_refuses_what_is_too_large_and_nobody_else_does(rows, said):
    from mlflow.exceptions import MlflowException

    table = pd.DataFrame(rows)
    with pytest.raises(MlflowException, match=said) as raised:
        serve(limits=LIMITS).predict(table)
    assert raised.value.get_http_status_code() == 400
    assert serve().predict(table).empty


def test_a_server_hides_what_a_fault_of_ours_says():
    from mlflow.exceptions import MlflowException

    served = serve(RuntimeError("/home/me/model is gone"), LIMITS)
    with pytest.raises(MlflowException, match="the server's log says why") as raised:
        served.predict(pd.DataFrame([ROW]))
    assert raised.value.get_http_status_code() == 500


def test_no_rows_have_no_answers():
    answers = serve().predict(pd.DataFrame({"sentence": []}))
    assert answers.columns.tolist() == list(INTERFACE.answers)
    assert answers.empty
