"""Names of datasets of one fold and of other experiments, and of folders: made and read here."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from klue_pipeline.base_settings import suggest
from klue_pipeline.text.folder_names import VARIANT_MARK

Part = Literal["validation", "test"]

REFIT_MODEL, REFIT_METRICS = "refit.model", "refit.metrics"
"""What the training on all rows leaves; it is of no fold."""

REFIT_TEACHER_SCORES = "refit.teacher_scores"
"""What it is taught."""

_FOLD = re.compile(r"(odqa\.)?fold_(\d+)(?:\.(\w+))?")
_TEACHER = re.compile(r"teacher_(.+)\.fold_(\d+)\.model")
_MEMBER = re.compile(r"member_(.+)\.fold_(\d+)\.(validation|test)_scores")
_EARLIER_SCORES, _EARLIER_RUN = _EARLIER = ("earlier_scores_", "odqa.earlier_run_")


class FoldPart(NamedTuple):
    """What belongs to one fold: a dataset or a node, or the fold itself where the name is empty.

    Attributes:
        fold: Its number, counted from 0.
        name: What it is within the fold.
        task: Whose fold it is: empty for relation extraction, else the prefix of its settings.
    """

    fold: int
    name: str
    task: str = ""

    @property
    def namespace(self) -> str:
        """The fold's own namespace.

        >>> FoldPart(3, "model", "odqa").namespace
        'odqa.fold_3'
        """
        return fold_name(self.fold, self.task)


def fold_name(fold: int, task: str = "") -> str:
    """Return the namespace of a fold; its folders and arguments are named after its last part, too.

    >>> fold_name(3), fold_name(3, "odqa")
    ('fold_3', 'odqa.fold_3')
    """
    return f"{task}.fold_{fold}" if task else f"fold_{fold}"


def in_fold(fold: int, name: str, task: str = "") -> str:
    """Return the name of a dataset of one fold.

    >>> in_fold(3, "model"), in_fold(3, "model", "odqa")
    ('fold_3.model', 'odqa.fold_3.model')
    """
    return f"{fold_name(fold, task)}.{name}"


def parse_fold(name: str) -> FoldPart | None:
    """Return which fold a dataset, node, folder or argument belongs to; None if it is of no fold.

    >>> parse_fold("fold_12.model"), parse_fold("odqa.fold_0")
    (FoldPart(fold=12, name='model', task=''), FoldPart(fold=0, name='', task='odqa'))
    >>> parse_fold("member_a.fold_0.test_scores") is None
    True
    """
    match = _FOLD.fullmatch(name)
    if match is None:
        return None
    return FoldPart(int(match[2]), match[3] or "", (match[1] or "").rstrip("."))


def fold_numbers(names: Iterable[str]) -> list[int]:
    """Return the folds that arguments are named after.

    >>> fold_numbers(["fold_0", "fold_12"])
    [0, 12]
    """
    return [part.fold for part in map(parse_fold, names) if part is not None]


def keys_of_folds(keys: Iterable[str], experiment: str) -> list[str]:
    """Return the keys of an experiment's folds among those of all, ``<experiment>/fold_<k>``.

    >>> keys_of_folds(["a", "a/fold_1", "b/fold_0", "a/fold_0"], "a")
    ['a/fold_0', 'a/fold_1']
    """
    split = ((key, *key.rpartition("/")[::2]) for key in keys)
    return sorted(key for key, folder, fold in split if folder == experiment and parse_fold(fold))


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
        return f"member_{self.member}.{in_fold(self.fold, f'{self.part}_scores')}"


def parse_member_dataset(name: str) -> MemberDataset | None:
    """Return whose scores a dataset has; None if it is no member's.

    >>> parse_member_dataset("member_klue.v1--lr.fold_12.test_scores")
    MemberDataset(member='klue.v1--lr', fold=12, part='test')
    >>> parse_member_dataset("fold_0.test_scores") is None
    True
    """
    match = _MEMBER.fullmatch(name)
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


class TeacherModel(NamedTuple):
    """The model of one fold of an experiment that a student learns from."""

    experiment: str
    fold: int

    @property
    def name(self) -> str:
        """The name that the catalog has a pattern for.

        >>> TeacherModel("large", 0).name
        'teacher_large.fold_0.model'
        """
        return f"teacher_{self.experiment}.{in_fold(self.fold, 'model')}"


def teacher_models(names: Iterable[str]) -> dict[str, list[TeacherModel]]:
    """Return the models among datasets that teach a student, by their experiment.

    >>> teacher_models(["labels", "teacher_large--lr.fold_0.model", "fold_0.model"])
    {'large--lr': [TeacherModel(experiment='large--lr', fold=0)]}
    """
    found: dict[str, list[TeacherModel]] = {}
    for match in filter(None, map(_TEACHER.fullmatch, names)):
        found.setdefault(match[1], []).append(TeacherModel(match[1], int(match[2])))
    return found


def earlier_scores(experiment: str) -> str:
    """Return the name that the catalog has a pattern for.

    >>> earlier_scores("klue_baseline")
    'earlier_scores_klue_baseline'
    """
    return f"{_EARLIER_SCORES}{experiment}"


def earlier_run(experiment: str) -> str:
    """Return the name that the catalog has a pattern for.

    >>> earlier_run("dense")
    'odqa.earlier_run_dense'
    """
    return f"{_EARLIER_RUN}{experiment}"


def earlier_experiments(datasets: Iterable[str]) -> dict[str, str]:
    """Return the datasets among others that hold results of earlier experiments, and of which.

    >>> earlier_experiments(["labels", "earlier_scores_cascade"])
    {'earlier_scores_cascade': 'cascade'}
    """
    return {
        name: name.removeprefix(prefix)
        for name in datasets
        for prefix in _EARLIER
        if name.startswith(prefix)
    }


def plain_name(dataset: str) -> str:
    """Strip the transcoding suffix: ``out_of_fold@one`` and ``@all`` are the same data.

    >>> plain_name("out_of_fold@one")
    'out_of_fold'
    """
    return dataset.partition("@")[0]


def folder_name(experiment: str, run_name: str | None) -> str:
    """Return the folder of an experiment's results; a run name gives a variant its own.

    >>> folder_name("baseline", None), folder_name("baseline", "lr3e5")
    ('baseline', 'baseline--lr3e5')
    """
    return f"{experiment}{VARIANT_MARK}{run_name}" if run_name else experiment


def explain_unknown_experiment(name: str, experiments: Iterable[str], lab_book: str = "") -> str:
    """Say that there is no experiment of a name, and what was probably meant.

    >>> explain_unknown_experiment("baselin", ["baseline", "rbert"])
    "There is no experiment 'baselin'. Did you mean baseline?"
    >>> explain_unknown_experiment("baseline--quick", ["baseline"])
    "There is no experiment 'baseline--quick'. Did you mean its variant, experiment=baseline and
    run.name=quick?"
    """
    names = list(experiments)
    entry, _, variant = name.partition(VARIANT_MARK)
    if variant and entry in names:
        hint = f"Did you mean its variant, experiment={entry} and run.name={variant}?"
    else:
        hint = suggest(name, names)
    place = f" in {lab_book}" if lab_book else ""
    return f"There is no experiment {name!r}{place}. {hint}"


def entry_of(folder: str) -> str:
    """Return the experiment whose results a folder holds.

    >>> entry_of("baseline"), entry_of("baseline--lr3e5")
    ('baseline', 'baseline')
    """
    return folder.partition(VARIANT_MARK)[0]
