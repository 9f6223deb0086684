"""A relation classifier behind MLflow's scoring server: a table of requests in, of answers out.

MLflow imports this module to load a saved model. Its name stands in models that were saved before,
so that it stays; loading needs neither MLflow nor Kedro.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from klue_pipeline.relation.inference.requests import OPTIONAL_COLUMNS, SENTENCE

if TYPE_CHECKING:
    from klue_pipeline.relation.inference.classifier import RelationClassifier

ANSWER_COLUMNS = ("label", "probability", "probabilities")


class ServedClassifier:
    """Answers tables of requests; several threads may ask at once, as they may the classifier.

    Args:
        classifier: What answers.
    """

    def __init__(self, classifier: "RelationClassifier") -> None:
        self._classifier = classifier

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Answer every row.

        Args:
            model_input: ``sentence``, and of both entities the offsets or the words.

        Returns:
            For each row ``label``, its ``probability``, and ``probabilities``: a dictionary of all.

        Raises:
            MlflowException: A row cannot be answered; the message says which and why. It is the
                exception that the scoring server turns into an answer with status 400.
        """
        try:
            predictions = self._classifier.answer(_read_records(model_input))
        except ValueError as error:
            raise _refusal(str(error)) from error
        answers = [(each.label, each.probability, dict(each.probabilities)) for each in predictions]
        return pd.DataFrame(answers, columns=list(ANSWER_COLUMNS))


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedClassifier:
    """Load a saved model; the name and the arguments are MLflow's.

    Args:
        path: Folder of the checkpoints.
        model_config: ``device``, ``precision`` and ``batch_size``, as the classifier takes them.
    """
    from klue_pipeline.relation.inference.classifier import RelationClassifier

    settings = dict(model_config or {})
    return ServedClassifier(RelationClassifier.from_pretrained(Path(path), **settings))


def _read_records(model_input: pd.DataFrame) -> list[dict[str, Any]]:
    if SENTENCE not in model_input.columns:
        found = ", ".join(map(str, model_input.columns)) or "none that is known"
        raise ValueError(
            f"The column {SENTENCE} is missing; found columns: {found}. Known are {SENTENCE}, "
            f"{', '.join(OPTIONAL_COLUMNS)}."
        )
    records: list[dict[Any, Any]] = model_input.to_dict("records")
    return records


def _refusal(message: str) -> Exception:
    """Return what the scoring server answers with status 400; every other error hides its message.

    Only here is MLflow needed, which whoever loaded the model has.
    """
    from mlflow.exceptions import MlflowException

    refusal: Exception = MlflowException.invalid_parameter_value(message)
    return refusal
