"""Settings of the data that do not go together, or not with what is done with them."""

from collections.abc import Callable

from klue_pipeline.base_settings import suggest
from klue_pipeline.relation.settings.params import NO_TYPE, TableColumns
from klue_pipeline.relation.settings.relation_params import RelationParams

HALVES = frozenset({"binary", "positive"})
"""Targets that are halves of the task: a relation or none, and which one."""

_TYPES_IN_PAIR = 2


def trained_and_tested_on_one_file(params: RelationParams) -> list[str]:
    """Nobody is tested on what they learnt."""
    if params.raw.train != params.raw.test:
        return []
    return [
        f"raw.test: found {params.raw.test!r}, which is raw.train too; rows that the test file "
        "holds do not train. Put some rows aside in a file of their own"
    ]


def columns_without_table(params: RelationParams) -> list[str]:
    """Only the format ``table`` has columns to name; the known formats have theirs."""
    ingest = params.ingest
    untouched = (
        ingest.columns == TableColumns()
        and ingest.ends == "exclusive"
        and ingest.repeated_words == "reject"
    )
    if ingest.format == "table" or untouched:
        return []
    return [
        f"ingest.columns, ingest.ends and ingest.repeated_words are read by "
        f"ingest.format=table only, but it is {ingest.format}; set it to table"
    ]


def two_lists_of_labels(params: RelationParams) -> list[str]:
    """Labels of one's own and a known list exclude each other."""
    if params.labels.names is None or params.ingest.label_set == "auto":
        return []
    return [
        f"labels.names and ingest.label_set={params.ingest.label_set} both say which labels "
        "there are; set labels.names=null or ingest.label_set=auto"
    ]


def halves_without_negative(params: RelationParams) -> list[str]:
    """Without a label for no relation, the task has no halves, and nothing to put together."""
    halves = sorted(params.targets & HALVES)
    if not halves or not params.lacks_negative:
        return []
    return [
        f"labels.negative is null, so that every row has a relation, but this experiment or its "
        f"members answer {' and '.join(halves)}; choose an experiment with target.name=all"
    ]


def share_of_no_label(params: RelationParams) -> list[str]:
    """The share of the negative label says nothing where there is none."""
    prior = params.evaluation.target_prior
    if prior.negative_share is None or not params.lacks_negative:
        return []
    return [
        f"evaluation.target_prior.negative_share is {prior.negative_share}, but "
        "labels.negative is null; set evaluation.target_prior.source=none (or estimated) and "
        "evaluation.target_prior.negative_share=null, or give shares of all labels"
    ]


def bias_on_no_label(params: RelationParams) -> list[str]:
    """A bias on the negative label needs one."""
    if params.ensemble.negative_bias == "never" or not params.lacks_negative:
        return []
    return [
        f"ensemble.negative_bias is {params.ensemble.negative_bias}, but labels.negative is "
        "null; set it to never"
    ]


def unknown_selected_labels(params: RelationParams) -> list[str]:
    """Rows have to be able to have the labels that augmentation starts from."""
    known = params.known_labels
    if known is None:
        return []
    return [
        f"augment.{method}.select.labels: no label set has {label!r}. {suggest(label, known)}"
        for method, select in params.augment.selections
        for label in select.labels or ()
        if label not in known
    ]


def unknown_selected_types(params: RelationParams) -> list[str]:
    """Rows have to be able to have the type pairs that augmentation starts from."""
    known = None if params.ingest.format == "table" else {*params.entity_types, NO_TYPE}
    shown = "Types are free" if known is None else f"Types are {', '.join(sorted(known))}"
    return [
        f"augment.{method}.select.types: found {pair!r}; two entity types joined by a colon were "
        f"wanted, such as PER:ORG. {shown}."
        for method, select in params.augment.selections
        for pair in select.types or ()
        if len(types := pair.split(":")) != _TYPES_IN_PAIR
        or (known is not None and not known.issuperset(types))
    ]


def korean_nouns_elsewhere(params: RelationParams) -> list[str]:
    """Augmentation cannot look for Korean nouns in text of another language."""
    augment, language = params.augment, params.text.language
    if language == "ko" or params.kind == "composite":
        return []
    conflicts = []
    if "fill_mask" in augment.methods:
        conflicts.append(
            "augment.methods: fill_mask finds and writes Korean nouns only, but text.language is "
            f"{language}; leave it out, or take mask_words, which hides words of any language"
        )
    if "eda" in augment.methods and augment.eda.synonyms == "model":
        conflicts.append(
            "augment.eda.synonyms: found 'model', which finds Korean nouns only, but text.language "
            f"is {language}; set augment.eda.model=null and augment.eda.synonyms=table (with "
            "raw.synonyms), or null with augment.eda.operations=[swap,delete]"
        )
    return conflicts


def searched_on_unknown_folds(params: RelationParams) -> list[str]:
    """A search trains folds that the split has."""
    unknown = [fold for fold in params.tune.folds if not 0 <= fold < params.folds.n_splits]
    if not unknown:
        return []
    last = params.folds.n_splits - 1
    return [f"tune.folds: found {unknown}; the split has folds 0 to {last} (folds.n_splits)"]


def unlabelled_rows_among_balanced_labels(params: RelationParams) -> list[str]:
    """Drawing rows by their label says nothing of a row without one."""
    balance = params.training.label_balance
    if not params.reads_unlabelled or params.raw.unlabelled is None or not balance:
        return []
    return [
        f"training.label_balance is {balance}, but rows of raw.unlabelled have no label to be "
        "drawn by; set training.label_balance=0 or raw.unlabelled=null"
    ]


def unlabelled_rows_with_labels(params: RelationParams) -> list[str]:
    """The training file has nothing to add to itself."""
    if not params.reads_unlabelled or params.raw.unlabelled != params.raw.train:
        return []
    return [
        f"raw.unlabelled: found {params.raw.unlabelled!r}, which is raw.train too; its rows are "
        "learnt with their labels. Name a file of other rows, or null for none"
    ]


DATA_RULES: tuple[Callable[[RelationParams], list[str]], ...] = (
    trained_and_tested_on_one_file,
    columns_without_table,
    two_lists_of_labels,
    halves_without_negative,
    share_of_no_label,
    bias_on_no_label,
    unknown_selected_labels,
    unknown_selected_types,
    korean_nouns_elsewhere,
    searched_on_unknown_folds,
    unlabelled_rows_among_balanced_labels,
    unlabelled_rows_with_labels,
)
"""Every rule about settings that have to fit the data."""
