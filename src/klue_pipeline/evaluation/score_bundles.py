"""Score bundles: an experiment's scores, to be blended elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable

ExperimentKind = Literal["single", "member", "composite"]
"""A ``single`` model tells all labels apart, a ``member`` other labels, and a ``composite`` joins
the scores of other experiments."""

_SHOWN = 3


class Fingerprint(BaseModel):
    """Content hashes of what the scores were made from, as the task's lineage makes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: str = Field(min_length=1)
    folds: str = Field(min_length=1)
    test_rows: str = Field(min_length=1)


class ScoredExperiment(ExperimentDescription):
    """An experiment that tells labels apart."""

    kind: ExperimentKind
    labels: LabelSet
    """What the scores tell apart, in the order of their columns."""

    @model_validator(mode="after")
    def _check_labels(self) -> Self:
        names, negative = self.labels.names, self.labels.negative
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"labels are listed twice: {', '.join(repeated)}")
        if negative is not None and negative not in names:
            raise ValueError(f"the negative label {negative!r} is not among the labels")
        return self


class BundleDescription(ScoredExperiment):
    """What a bundle says about itself: the experiment, and what its score tables hold."""

    fingerprint: Fingerprint
    folds: list[int] = Field(min_length=1)
    """The folds whose validation rows were scored, ascending."""
    n_out_of_fold_rows: int = Field(ge=1)
    n_test_rows: int = Field(ge=1)


@dataclass(frozen=True)
class ScoreBundle:
    """One experiment's scores and their description, which agree with each other.

    Attributes:
        description: What the scores are.
        out_of_fold: Scores of training rows by the models that did not see them.
        test_scores: Scores of the test rows.
    """

    description: BundleDescription
    out_of_fold: ScoreTable
    test_scores: ScoreTable

    def __post_init__(self) -> None:
        """Check once that the parts belong together, so that nobody has to check it again.

        Raises:
            ValueError: Listing everything that does not.
        """
        if reasons := [reason for check in _CHECKS for reason in check(self)]:
            raise ValueError(
                f"The parts of this bundle do not belong together: {'; '.join(reasons)}. Export "
                "the experiment again."
            )


def make_bundle(
    experiment: ScoredExperiment, out_of_fold: ScoreTable, test_scores: ScoreTable
) -> ScoreBundle:
    """Bundle an experiment's scores.

    Args:
        experiment: What is known about the experiment.
        out_of_fold: Scores of the rows that each fold held out.
        test_scores: Scores of the test rows.

    Returns:
        A bundle that takes fingerprints, folds and numbers of rows from the tables.

    Raises:
        ValueError: The tables do not say what they were made from, hold no rows or broken scores,
            or do not belong to each other or to the experiment's labels.
    """
    known = out_of_fold.fingerprint | test_scores.fingerprint
    folds = [] if out_of_fold.folds is None else np.unique(out_of_fold.folds).tolist()
    missing = sorted(Fingerprint.model_fields.keys() - known.keys())
    if missing or not folds:
        raise ValueError(
            f"These scores do not say which {', '.join(missing) or 'folds'} they were made from; "
            "train and predict this experiment again before it is bundled."
        )
    description = BundleDescription(
        **dict(experiment),
        fingerprint=Fingerprint(**{name: known[name] for name in Fingerprint.model_fields}),
        folds=folds,
        n_out_of_fold_rows=len(out_of_fold),
        n_test_rows=len(test_scores),
    )
    return ScoreBundle(description, out_of_fold, test_scores)


def _parts(bundle: ScoreBundle) -> dict[str, ScoreTable]:
    return {"out-of-fold scores": bundle.out_of_fold, "test scores": bundle.test_scores}


def _check_labels(bundle: ScoreBundle) -> list[str]:
    wanted = tuple(bundle.description.labels.names)
    return [
        f"the {part} are for {len(table.labels)} labels {list(table.labels)[:_SHOWN]}…, the "
        f"description lists {len(wanted)}: {list(wanted)[:_SHOWN]}…"
        for part, table in _parts(bundle).items()
        if table.labels != wanted
    ]


def _check_fingerprints(bundle: ScoreBundle) -> list[str]:
    described = bundle.description.fingerprint.model_dump()
    needed = {"out-of-fold scores": ("rows", "folds"), "test scores": tuple(described)}
    return [
        f"the {part} were made from {name} {table.fingerprint.get(name, 'not recorded')}, the "
        f"description says {described[name]}"
        for part, table in _parts(bundle).items()
        for name in needed[part]
        if table.fingerprint.get(name) != described[name]
    ]


def _check_folds(bundle: ScoreBundle) -> list[str]:
    folds, described = bundle.out_of_fold.folds, bundle.description.folds
    found = None if folds is None else np.unique(folds).tolist()
    reasons = []
    if found != described:
        reasons.append(
            f"the out-of-fold scores are of folds {found or 'not recorded'}, the description says "
            f"{described}"
        )
    if bundle.test_scores.folds is not None:
        reasons.append("the test scores name folds, as only out-of-fold scores do")
    return reasons


def _check_row_counts(bundle: ScoreBundle) -> list[str]:
    description = bundle.description
    described = (description.n_out_of_fold_rows, description.n_test_rows)
    return [
        f"the {part} have {len(table)} rows, the description says {wanted}"
        for (part, table), wanted in zip(_parts(bundle).items(), described, strict=True)
        if len(table) != wanted
    ]


def _check_row_ids(bundle: ScoreBundle) -> list[str]:
    faults = {part: _fault_of_ids(table) for part, table in _parts(bundle).items()}
    return [f"the {part} {fault}" for part, fault in faults.items() if fault]


def _fault_of_ids(table: ScoreTable) -> str:
    odd = [row_id for row_id in table.row_ids if not isinstance(row_id, str)]
    if odd:
        return f"have the row id {odd[0]!r}, which is no text"
    places = pd.DataFrame({"row_id": table.row_ids, "fold": table.folds})
    repeated = places["row_id"][places.duplicated()]
    return f"list row {repeated.iloc[0]!r} twice" if len(repeated) else ""


def _check_scores(bundle: ScoreBundle) -> list[str]:
    """Look for scores without a softmax. Minus infinity is legal for a label that is ruled out."""
    reasons = []
    for part, table in _parts(bundle).items():
        broken = ~(table.logits < np.inf).all(axis=1) | np.isneginf(table.logits).all(axis=1)
        if broken.any():
            reasons.append(
                f"{broken.sum()} rows of the {part}, among them "
                f"{table.row_ids[broken][:_SHOWN].tolist()}, have scores that are NaN or infinite, "
                "or rule out every label"
            )
    return reasons


_CHECKS: tuple[Callable[[ScoreBundle], list[str]], ...] = (
    _check_labels,
    _check_fingerprints,
    _check_folds,
    _check_row_counts,
    _check_row_ids,
    _check_scores,
)
"""Everything that the parts of a bundle must agree on: each returns what is wrong."""
