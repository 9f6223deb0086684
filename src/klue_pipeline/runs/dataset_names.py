"""Names of the datasets that a composite reads: scores of another experiment's folds."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

Part = Literal["validation", "test"]

_NAME = re.compile(r"member_(.+)\.fold_(\d+)\.(validation|test)_scores")


_PREFIX = "earlier_scores_"


class MemberDataset(NamedTuple):
    """Scores of one fold of a member."""

    member: str
    fold: int
    part: Part

    @property
    def name(self) -> str:
        """The name that the catalog has a pattern for.

        >>> MemberDataset("binary", 0, "validation").name
        'member_binary.fold_0.validation_scores'
        """
        return f"member_{self.member}.fold_{self.fold}.{self.part}_scores"


def parse_member_dataset(name: str) -> MemberDataset | None:
    """Return whose scores a dataset has; None if it is no member's.

    >>> parse_member_dataset("member_klue.v1--lr.fold_12.test_scores")
    MemberDataset(member='klue.v1--lr', fold=12, part='test')
    >>> parse_member_dataset("fold_0.test_scores") is None
    True
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return MemberDataset(match[1], int(match[2]), "test" if match[3] == "test" else "validation")


def member_datasets(names: Iterable[str]) -> dict[str, list[MemberDataset]]:
    """Return the scores among datasets that belong to members, by member.

    >>> member_datasets(["labels", "member_b.fold_0.test_scores", "member_a.fold_0.test_scores"])
    {'b': [MemberDataset(member='b', fold=0, part='test')],
     'a': [MemberDataset(member='a', fold=0, part='test')]}
    """
    found: dict[str, list[MemberDataset]] = {}
    for dataset in filter(None, map(parse_member_dataset, names)):
        found.setdefault(dataset.member, []).append(dataset)
    return found


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
