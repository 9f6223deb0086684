"""What hooks and MLflow know of a dataset: the group ``klue`` in the metadata of its catalog entry.

The head of ``conf/base/catalog_relation.yml`` says what each field means.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from klue_pipeline.base_settings import Settings, explain_errors


class DatasetFacts(Settings):
    """What stands in ``metadata.klue``; a misspelt field is refused."""

    source: str | None = None
    scope: Literal["own", "latest"] = "own"
    every_fold: bool = False
    goal: bool = False
    scores: Literal["fold_validation", "fold_test", "out_of_fold", "test"] | None = None
    training: Literal["metrics", "model"] | None = None
    artifact: str | None = None
    model: str | None = None
    numbers: str | None = None
    numbers_of: frozenset[str] = frozenset()
    tags: Literal["rows_added"] | None = None
    joined: bool = False
    result: str | None = None

    @property
    def is_latest(self) -> bool:
        """Whether all experiments share it, so that it is that of whichever ran last."""
        return self.scope == "latest"


def facts_of(catalog: Any, name: str) -> DatasetFacts:
    """Return what the catalog says of a dataset; nothing of one that it does not know.

    Raises:
        ValueError: Its entry says something that nobody reads.
    """
    metadata = getattr(catalog.get(name), "metadata", None) or {}
    try:
        return DatasetFacts.model_validate(metadata.get("klue") or {})
    except ValidationError as error:
        problems = "; ".join(explain_errors(error, DatasetFacts, prefix="metadata.klue."))
        raise ValueError(f"The catalog entry of {name} is wrong: {problems}") from None


def path_in(catalog: Any, name: str) -> Path | None:
    """Return the file or folder of a dataset; None if it has none or is not in the catalog."""
    dataset = catalog.get(name)
    path = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    return None if path is None else Path(path)


def result_in(catalog: Any, name: str) -> Path | None:
    """Return what to open of a dataset: its file, or the one that its folder is made for."""
    found: Path | None = getattr(catalog.get(name), "result_path", None)
    return found or path_in(catalog, name)
