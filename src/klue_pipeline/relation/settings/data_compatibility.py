"""Settings of the data that do not go together, or not with what is asked of them: said early."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.settings.evaluation_params import TargetPriorParams
from klue_pipeline.relation.settings.params import (
    OWN_LABELS_FORMAT,
    EnsembleParams,
    IngestParams,
    LabelsParams,
    TableColumns,
)

HALVES = frozenset({"binary", "positive"})
"""Targets that are halves of the task: a relation or none, and which one."""


@dataclass(frozen=True)
class DataSettings:
    """The settings that have to fit the data's labels and columns.

    Attributes:
        ingest: Format, columns and label set.
        labels: Labels of one's own.
        label_sets: The known lists of labels.
        targets: What the models of this run answer (``target.name``), members' included.
        target_prior: For which shares of labels scores are told.
        ensemble: How scores are blended and decoded.
    """

    ingest: IngestParams
    labels: LabelsParams
    label_sets: Mapping[str, LabelSet]
    targets: frozenset[str]
    target_prior: TargetPriorParams
    ensemble: EnsembleParams

    @property
    def has_own_labels(self) -> bool:
        """Whether labels are the user's own, and not one of the known lists."""
        if self.labels.names is not None:
            return True
        return self.ingest.label_set == "auto" and self.ingest.format == OWN_LABELS_FORMAT

    @property
    def known_labels(self) -> frozenset[str] | None:
        """The labels that rows may have, as far as settings tell; None for those of the file."""
        if not self.has_own_labels:
            return frozenset(name for each in self.label_sets.values() for name in each.names)
        names = self.labels.names
        return frozenset(names) if isinstance(names, list) else None

    @property
    def lacks_negative(self) -> bool:
        """Whether every label is a relation, for sure."""
        if self.has_own_labels:
            return self.labels.negative is None
        chosen = self.label_sets.get(self.ingest.label_set)
        return chosen is not None and chosen.negative is None


def find_data_conflicts(settings: DataSettings) -> list[str]:
    """Return what does not go together, each with what to change; nothing if all does."""
    return [conflict for check in CHECKS if (conflict := check(settings))]


def columns_without_table(settings: DataSettings) -> str | None:
    """Only the format ``table`` has columns to name; the known formats have theirs."""
    ingest = settings.ingest
    untouched = ingest.columns == TableColumns() and ingest.ends == "exclusive"
    if ingest.format == "table" or untouched:
        return None
    return (
        f"ingest.columns and ingest.ends are read by ingest.format=table only, but it is "
        f"{ingest.format}; set it to table"
    )


def two_lists_of_labels(settings: DataSettings) -> str | None:
    """Labels of one's own and a known list exclude each other."""
    if settings.labels.names is None or settings.ingest.label_set == "auto":
        return None
    return (
        f"labels.names and ingest.label_set={settings.ingest.label_set} both say which labels "
        "there are; set labels.names=null or ingest.label_set=auto"
    )


def halves_without_negative(settings: DataSettings) -> str | None:
    """Without a label for no relation, the task has no halves, and nothing to put together."""
    halves = sorted(settings.targets & HALVES)
    if not halves or not settings.lacks_negative:
        return None
    return (
        f"labels.negative is null, so that every row has a relation, but this experiment or its "
        f"members answer {' and '.join(halves)}; choose an experiment with target.name=all"
    )


def share_of_no_label(settings: DataSettings) -> str | None:
    """The share of the negative label says nothing where there is none."""
    if settings.target_prior.negative_share is None or not settings.lacks_negative:
        return None
    return (
        f"evaluation.target_prior.negative_share is {settings.target_prior.negative_share}, but "
        "labels.negative is null; set evaluation.target_prior.source=none (or estimated) and "
        "evaluation.target_prior.negative_share=null, or give shares of all labels"
    )


def bias_on_no_label(settings: DataSettings) -> str | None:
    """A bias on the negative label needs one."""
    if settings.ensemble.negative_bias == "never" or not settings.lacks_negative:
        return None
    return (
        f"ensemble.negative_bias is {settings.ensemble.negative_bias}, but labels.negative is "
        "null; set it to never"
    )


Check = Callable[[DataSettings], str | None]

CHECKS: tuple[Check, ...] = (
    columns_without_table,
    two_lists_of_labels,
    halves_without_negative,
    share_of_no_label,
    bias_on_no_label,
)
"""Every rule about settings that have to fit the data."""
