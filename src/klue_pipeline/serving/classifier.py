"""A relation classifier as MLflow asks it: a table of requests in, a table of answers out."""

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from klue_pipeline.relation.inference.request_limits import RequestLimits
from klue_pipeline.relation.inference.requests import OPTIONAL_COLUMNS, SENTENCE

if TYPE_CHECKING:
    from klue_pipeline.relation.inference.classifier import RelationClassifier

logger = logging.getLogger(__name__)

ANSWER_COLUMNS = ("label", "probability", "probabilities")


class ServedClassifier:
    """Answers tables of requests; several threads may ask at once, as they may the classifier.

    Args:
        classifier: What answers.
        limits: The largest table that is answered; None answers any, as outside of a server.
    """

    def __init__(
        self, classifier: "RelationClassifier", limits: RequestLimits | None = None
    ) -> None:
        self._classifier, self._limits = classifier, limits

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Answer every row.

        Args:
            model_input: ``sentence``, and of both entities the offsets or the words.

        Returns:
            For each row ``label``, its ``probability``, and ``probabilities``: a dictionary of all.

        Raises:
            MlflowException: A row cannot be answered; the message says which and why. It is the
                exception that the scoring server turns into an answer with status 400, or 500 where
                the fault is ours.
        """
        try:
            predictions = self._classifier.answer(self._read_records(model_input))
        except ValueError as error:
            raise _refusal(str(error)) from error
        except Exception as error:
            if self._limits is None:
                raise
            logger.exception("A request could not be answered.")
            raise _failure() from error
        answers = [(each.label, each.probability, dict(each.probabilities)) for each in predictions]
        return pd.DataFrame(answers, columns=list(ANSWER_COLUMNS))

    def _read_records(self, model_input: pd.DataFrame) -> list[dict[str, Any]]:
        if SENTENCE not in model_input.columns:
            found = ", ".join(map(str, model_input.columns)) or "none that is known"
            raise ValueError(
                f"The column {SENTENCE} is missing; found columns: {found}. Known are {SENTENCE}, "
                f"{', '.join(OPTIONAL_COLUMNS)}."
            )
        if self._limits is not None:
            _require_small(model_input, self._limits)
        records: list[dict[Any, Any]] = model_input.to_dict("records")
        return records


def _require_small(model_input: pd.DataFrame, limits: RequestLimits) -> None:
    if len(model_input) > limits.max_rows:
        raise ValueError(limits.describe_rows(len(model_input)))
    for name in model_input.columns:
        for number, value in enumerate(model_input[name]):
            if isinstance(value, str) and len(value) > limits.max_text_characters:
                raise ValueError(
                    f"Sentence {number}, counted from 0, cannot be classified: {name} has "
                    f"{len(value):,} characters; this server takes "
                    f"{limits.max_text_characters:,} (max_text_characters)."
                )


# Only below is MLflow needed, which whoever loaded the model has.
def _refusal(message: str) -> Exception:
    """Return what the scoring server answers with status 400 and its message."""
    from mlflow.exceptions import MlflowException

    refusal: Exception = MlflowException.invalid_parameter_value(message)
    return refusal


def _failure() -> Exception:
    """Return what the scoring server answers with status 500."""
    from mlflow.exceptions import MlflowException

    failure: Exception = MlflowException("The model failed; the server's log says why.")
    return failure
