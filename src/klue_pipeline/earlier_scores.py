"""Names of the datasets that hold out-of-fold scores of an experiment trained before."""

from collections.abc import Iterable

_PREFIX = "earlier_scores_"


def earlier_scores(experiment: str) -> str:
    """Return the name that the catalog has a pattern for.

    >>> earlier_scores("klue_baseline")
    'earlier_scores_klue_baseline'
    """
    return f"{_PREFIX}{experiment}"


def earlier_experiments(datasets: Iterable[str]) -> dict[str, str]:
    """Return the datasets among others that hold such scores, and of which experiment.

    >>> earlier_experiments(["labels", "earlier_scores_cascade"])
    {'earlier_scores_cascade': 'cascade'}
    """
    return {name: name.removeprefix(_PREFIX) for name in datasets if name.startswith(_PREFIX)}
