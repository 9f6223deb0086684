"""A relation classifier behind MLflow's scoring server: a table of requests in, of answers out.

MLflow imports this module to load a saved model; loading needs neither MLflow nor Kedro. What a
model computes is left to ``RelationClassifier``.
"""

import math
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from klue_pipeline.relation.inference.classifier import RelationClassifier

SENTENCE = "sentence"
ROLES = ("subject", "object")
OPTIONAL_COLUMNS = tuple(
    f"{role}{part}" for role in ROLES for part in ("_start", "_end", "", "_type")
)
"""Of each entity: character offsets with an exclusive end, or its words; and its type. Any of them
may be missing in any row."""
ANSWER_COLUMNS = ("label", "probability", "probabilities")

Span = tuple[int, int] | str


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
            predictions = self._classifier(**read_request(model_input))
        except ValueError as error:
            raise _refusal(str(error)) from error
        answers = [(own.label, own.probability, dict(own.probabilities)) for own in predictions]
        return pd.DataFrame(answers, columns=list(ANSWER_COLUMNS))


def read_request(rows: pd.DataFrame) -> dict[str, Any]:
    """Turn a table of requests into the classifier's arguments.

    Raises:
        ValueError: A column or a value is missing, or of the wrong kind; naming the row, counted
            from 0.

    >>> request = read_request(pd.DataFrame([
    ...     {"sentence": "이순신은 조선의 무신이다.", "subject_start": 0, "subject_end": 3,
    ...      "object": "조선", "object_type": "LOC"}]))
    >>> request["subject"], request["object"], request["subject_type"], request["object_type"]
    ([(0, 3)], ['조선'], None, ['LOC'])
    """
    if SENTENCE not in rows.columns:
        found = ", ".join(map(str, rows.columns)) or "none that is known"
        raise ValueError(
            f"The column {SENTENCE} is missing; found columns: {found}. Known are {SENTENCE}, "
            f"{', '.join(OPTIONAL_COLUMNS)}."
        )
    records = [_without_gaps(record) for record in rows.to_dict("records")]
    request: dict[str, Any] = {
        SENTENCE: [_read_sentence(record, row) for row, record in enumerate(records)]
    }
    for role in ROLES:
        request[role] = [_read_span(record, role, row) for row, record in enumerate(records)]
        request[f"{role}_type"] = _read_types(records, f"{role}_type")
    return request


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> ServedClassifier:
    """Load a saved model; the name and the arguments are MLflow's.

    Args:
        path: Folder of the checkpoints.
        model_config: ``device``, ``precision`` and ``batch_size``, as the classifier takes them.
    """
    from klue_pipeline.relation.inference.classifier import RelationClassifier

    settings = dict(model_config or {})
    return ServedClassifier(RelationClassifier.from_pretrained(Path(path), **settings))


def _without_gaps(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Leave out what a row does not say, which a table fills with None or NaN."""
    return {
        str(name): value
        for name, value in record.items()
        if not (value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)))
    }


def _read_sentence(record: Mapping[str, Any], row: int) -> str:
    sentence = record.get(SENTENCE)
    if not isinstance(sentence, str):
        raise ValueError(  # noqa: TRY004 - the caller turns ValueErrors into answers
            f"Row {row}: {SENTENCE} is {sentence!r}; a text was wanted."
        )
    return sentence


def _read_span(record: Mapping[str, Any], role: str, row: int) -> Span:
    """Read where an entity stands: offsets if there are any, else its words."""
    names = (f"{role}_start", f"{role}_end")
    if any(name in record for name in names):
        start, end = (_read_offset(record, name, row) for name in names)
        return start, end
    words = record.get(role)
    if not isinstance(words, str):
        found = "nothing" if words is None else repr(words)
        raise ValueError(  # noqa: TRY004 - as above
            f"Row {row}: {role} is {found}; give {names[0]} and {names[1]}, or its words as {role}."
        )
    return words


def _read_offset(record: Mapping[str, Any], name: str, row: int) -> int:
    value: Any = record.get(name)
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    # A table with a gap in the column holds its other offsets as floats.
    if is_number and math.isfinite(value) and int(value) == value:
        return int(value)
    found = "missing" if value is None else repr(value)
    raise ValueError(f"Row {row}: {name} is {found}; a whole number of characters was wanted.")


def _read_types(records: list[dict[str, Any]], name: str) -> list[str | None] | None:
    types = [record.get(name) for record in records]
    for row, entity_type in enumerate(types):
        if not isinstance(entity_type, str | None):
            raise ValueError(  # noqa: TRY004 - as above
                f"Row {row}: {name} is {entity_type!r}; a text was wanted."
            )
    return None if all(entity_type is None for entity_type in types) else types


def _refusal(message: str) -> Exception:
    """Return what the scoring server answers with status 400; every other error hides its message.

    Only here is MLflow needed, which whoever loaded the model has.
    """
    from mlflow.exceptions import MlflowException

    refusal: Exception = MlflowException.invalid_parameter_value(message)
    return refusal
