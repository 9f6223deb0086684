"""Which settings of an experiment can be searched, and what stands against searching them."""

from klue_pipeline.odqa.settings.odqa_params import OdqaParams
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.odqa.settings.tune_params import TunedPart
from klue_pipeline.training.tuning.tune_params import Dimension

PREFIX = "odqa."
SEARCHED_GROUPS: dict[TunedPart, tuple[str, ...]] = {
    "reader": ("reader", "head", "training"),
    "retriever": ("retrievers", "encoder", "contrastive", "retriever_training"),
}
"""What a trial of each part can vary; questions, passages, folds and added questions are those of
the run."""
SEARCHABLE = ("bm25", "tfidf", "dense")
"""Methods of retrievers whose runs are made here."""


def groups_of_retriever(name: str, retriever: RetrieverParams) -> list[str]:
    """Name the groups of settings that decide what a retriever finds."""
    has_encoder = retriever.name == "dense" or retriever.tokens == "wordpiece"
    return [
        f"retrievers.{name}",
        *(["encoder"] if has_encoder else []),
        *(["contrastive", "retriever_training"] if retriever.trained else []),
    ]


def groups_of_search(params: OdqaParams) -> list[str]:
    """Name the groups of settings that a trial of the experiment reads and can vary."""
    if params.tune.part == "reader":
        return list(SEARCHED_GROUPS["reader"])
    name = params.retrieval.retrievers[0]
    return groups_of_retriever(name, params.retrievers[name])


def read_groups(params: OdqaParams) -> list[str]:
    """Name all settings that decide what a trial finds, those that no trial varies too."""
    own = groups_of_search(params)
    if params.tune.part == "reader":
        return ["folds", "augment", *own, "answer.max_answer_tokens"]
    source = params.contrastive.negatives_from if "contrastive" in own else None
    negatives = [] if source is None else groups_of_retriever(source, params.retrievers[source])
    return list(dict.fromkeys([*own, *negatives, "retrieval"]))


def searched_dimensions(params: OdqaParams) -> dict[str, Dimension]:
    """Return the part of the space that the experiment reads, by whole names of settings."""
    prefixes = tuple(f"{PREFIX}{group}." for group in groups_of_search(params))
    return {name: each for name, each in params.tune.space.items() if name.startswith(prefixes)}


def require_search(params: OdqaParams) -> None:
    """Refuse a search whose trials could not be judged, or would all be the same.

    Raises:
        ValueError: With what to change.
    """
    problem = {"reader": _reader_problem, "retriever": _retriever_problem}[params.tune.part](params)
    if problem:
        raise ValueError(problem)


def _reader_problem(params: OdqaParams) -> str:
    folds = params.folds
    if folds.strategy == "all":
        return (
            "odqa.folds.strategy=all holds no question out that trials could be judged on; search "
            "with other folds, and take what was found."
        )
    if unknown := [fold for fold in params.tune.folds if not 0 <= fold < folds.n_splits]:
        return (
            f"odqa.tune.folds: found {unknown}; the split has folds 0 to {folds.n_splits - 1} "
            "(odqa.folds.n_splits)."
        )
    return ""


def _retriever_problem(params: OdqaParams) -> str:
    names = params.retrieval.retrievers
    if len(names) > 1:
        return (
            f"odqa.retrieval.retrievers: found {', '.join(names)}; a search is about one "
            "retriever. Search each of them, as in --params odqa.retrieval.retrievers="
            f"[{names[0]}]; weights of a fusion are fitted without a search."
        )
    method = params.retrievers[names[0]].name
    if method not in SEARCHABLE:
        return (
            f"odqa.retrievers.{names[0]}: {method} has no settings to search here; choose a "
            f"retriever of {', '.join(SEARCHABLE)}."
        )
    if not searched_dimensions(params):
        return (
            f"odqa.tune.spaces.retriever names no setting that retriever {names[0]} reads; add "
            f"some of {', '.join(f'{PREFIX}{group}' for group in groups_of_search(params))}."
        )
    return ""
