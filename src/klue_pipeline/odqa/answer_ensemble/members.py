"""Whose answers may be combined: those to the test questions and the judged questions of this run.

Whoever gave no answers to the judged questions, a reader that learnt from them or a file from
elsewhere, may vote on the test questions if it is named; nothing is fitted to it or told of it.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.odqa.ingest.schema import TEST, VALIDATION
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.truth import RetrievalTruth

logger = logging.getLogger(__name__)

NOT_ASKED = "it has no answers to the judged questions, as its reader learnt from them"
A_FILE = "it is a file of predictions, and has answers to the test questions only"


@dataclass(frozen=True, eq=False)
class Asked:
    """The questions of a run that members must have answered.

    Attributes:
        test: Ids of the test questions, in order.
        judging: The validation questions with known answers.
        fingerprint: Hashes of all of these and their words.
    """

    test: tuple[str, ...]
    judging: JudgedQuestions
    fingerprint: QuestionFingerprint

    @classmethod
    def of(cls, examples: pd.DataFrame, truth: RetrievalTruth) -> "Asked":
        """Take them from the questions (schema ``Questions``) and what is known of them."""
        is_test = examples["part"] == TEST
        test = tuple(examples["question_id"][is_test])
        judging = JudgedQuestions.of_part(truth, VALIDATION)
        return cls(test, judging, QuestionFingerprint.of(examples))

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """Ids of the questions that are judged, in order."""
        return tuple(self.judging.table["question_id"])


@dataclass(frozen=True)
class Answered:
    """What somebody answered.

    Attributes:
        n_best: Schema ``NBest``.
        answers: ``question_id`` and ``part`` of all that was answered, as in schema ``Answers``.
        fingerprint: Of the questions of that run; None where it is not known, as of a file of
            predictions.
        unjudged: Why nothing can be told of it; empty where that is for the questions to say.
    """

    n_best: pd.DataFrame
    answers: pd.DataFrame
    fingerprint: QuestionFingerprint | None = None
    unjudged: str = ""

    def answered(self, part: str) -> set[str]:
        """Return the ids of the questions of a part, also of those without a candidate."""
        return set(self.answers["question_id"][self.answers["part"] == part])


@dataclass(frozen=True)
class Selection:
    """Who votes, and why others do not.

    Attributes:
        voters: The answers of each, schema ``NBest``.
        unjudged: Why nothing can be told of a voter, by name; of the others something can.
        skipped: Why somebody does not vote, by name.
    """

    voters: dict[str, pd.DataFrame]
    unjudged: dict[str, str]
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def judged(self) -> dict[str, pd.DataFrame]:
        """Voters of which something can be told."""
        return {name: own for name, own in self.voters.items() if name not in self.unjudged}


def select_members(
    found: Mapping[str, Answered],
    refused: Mapping[str, str],
    members: list[str] | None,
    asked: Asked,
) -> Selection:
    """Choose those who answered the questions of this run.

    Args:
        found: What lies on disk, by name.
        refused: Why other things there cannot be read, by name.
        members: Who is wanted. None takes everybody that can be judged, and skips the others with
            a warning.
        asked: The questions.

    Raises:
        ValueError: A named one is unknown or does not fit, or nobody is left.
    """
    known = sorted(found.keys() | refused.keys())
    wanted = known if members is None else members
    reasons = {name: refused.get(name) or _why_not(found.get(name), asked) for name in wanted}
    unjudged = {name: _why_unjudged(found[name], asked) for name in wanted if not reasons[name]}
    unjudged = {name: reason for name, reason in unjudged.items() if reason}
    if members is None:
        reasons |= {
            name: f"{reason}; name it in odqa.ensemble.members to let it vote on the test questions"
            for name, reason in unjudged.items()
        }
    skipped = {name: reason for name, reason in reasons.items() if reason}
    voters = {name: found[name].n_best for name in wanted if name not in skipped}
    _refuse(skipped if members is not None else {}, voters, skipped, known)
    for name, reason in skipped.items():
        logger.warning("%s is left out of the ensemble of answers: %s", name, reason)
    chosen = {name: reason for name, reason in unjudged.items() if name in voters}
    for name, reason in chosen.items():
        logger.warning(
            "%s votes on the test questions, and nothing is told of it: %s", name, reason
        )
    return Selection(voters, chosen, skipped)


def _why_not(own: Answered | None, asked: Asked) -> str:
    """Say why somebody cannot vote; empty if it can."""
    if own is None:
        return "it has no answers on disk; look at the name, or run its pipeline odqa_answer"
    test, judged = own.answered(TEST), own.answered(VALIDATION) & set(asked.judged)
    if test != set(asked.test):
        return _describe(test, asked.test, "test")
    if judged and len(judged) < len(asked.judged):
        return _describe(judged, asked.judged, "judged")
    return "" if own.fingerprint is None else _name_other_questions(own.fingerprint, asked)


def _name_other_questions(fingerprint: QuestionFingerprint, asked: Asked) -> str:
    differing = fingerprint.differing(asked.fingerprint)
    if not differing:
        return ""
    return (
        f"it was asked other {' and '.join(differing)} questions than those of this run, or the "
        "same ones in another order; run its experiment again with those of this run, and if it is "
        "a bundle, export it again"
    )


def _describe(found: set[str], wanted: Sequence[str], kind: str) -> str:
    n_others = len(found - set(wanted))
    others = f" and {n_others} others" if n_others else ""
    return (
        f"it answered {len(found) - n_others} of the {len(wanted)} {kind} questions of this run"
        f"{others}; run its experiment again with those of this run"
    )


def _why_unjudged(own: Answered, asked: Asked) -> str:
    if own.unjudged or not asked.judged:
        return own.unjudged
    return "" if own.answered(VALIDATION) & set(asked.judged) else NOT_ASKED


def _refuse(
    named: Mapping[str, str],
    voters: Collection[str],
    skipped: Mapping[str, str],
    known: Collection[str],
) -> None:
    """Refuse members that were named and do not fit, and an ensemble of nobody.

    Raises:
        ValueError: Naming them.
    """
    reasons = "; ".join(f"{name}: {reason}" for name, reason in skipped.items())
    if named:
        raise ValueError(
            f"odqa.ensemble.members names what cannot be combined. {reasons}. On disk: "
            f"{', '.join(known) or 'nothing'}."
        )
    if not voters:
        raise ValueError(
            f"Nothing on disk can be combined. {reasons or 'No experiment has answers'}. Run the "
            "pipeline odqa first."
        )
