"""The run of another search engine as one of ours, and what of it could not be understood."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from klue_pipeline.odqa.engines.passage_texts import PassageTexts
from klue_pipeline.odqa.engines.run_formats import FoundRow, RawRun, read_found
from klue_pipeline.odqa.passages.run_table import rank_run
from klue_pipeline.odqa.tokens.tokenizers import plain
from klue_pipeline.text.shortened import list_shortly, shorten

logger = logging.getLogger(__name__)

_SHOWN = 5

Named = tuple[str, str, float]
"""A question's id, a passage's id and a score."""


def read_external_run(
    raw: RawRun,
    questions: pd.DataFrame,
    passages: pd.DataFrame,
    top_k: int,
    merged: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Map what an engine found to our questions and passages.

    Questions are known by id, failing that by text; passages by id or by text, blanks aside. What
    is not known is left out, counted and shown. Without scores, 1 / rank is one.

    Args:
        raw: The file.
        questions: All questions, with ``question_id`` and ``question``.
        passages: All passages, with ``passage_id`` and ``text``.
        top_k: Passages of a question at most.
        merged: ``passage_id`` and ``kept_id`` of passages that were found equal to others.

    Returns:
        The run and a report of counts and first examples.

    Raises:
        ValueError: The file is in no known format, a row of it is broken, or nothing fits.
    """
    format_name, rows = read_found(raw)
    reader = _Reader(questions, passages, merged)
    named = [found for row in sorted(rows, key=lambda row: row.order) for found in reader.name(row)]
    table = pd.DataFrame(named, columns=["question_id", "passage_id", "score"])
    once = table.drop_duplicates(["question_id", "passage_id"])
    if once.empty:
        raise ValueError(
            f"Nothing in {raw.name} fits these questions and passages: its questions are "
            f"{list_shortly(reader.unknown['questions'], _SHOWN)}, its passages "
            f"{list_shortly(reader.unknown['passages'], _SHOWN)}. Look whether odqa.raw.run and "
            "odqa.raw.documents belong together."
        )
    run = rank_run(_with_scores(once), top_k)
    is_found = questions["question_id"].isin(run["question_id"])
    report = {
        "format": format_name,
        "n_rows": reader.n_rows,
        "n_repeated": len(table) - len(once),
        "n_questions_without_passage": int((~is_found).sum()),
        **{f"n_unknown_{what}": found.total() for what, found in reader.unknown.items()},
        "unknown": {what: list(found)[:_SHOWN] for what, found in reader.unknown.items()},
    }
    logger.info("Read %d rows of %s: %s", len(run), raw.name, report)
    _warn_of_misses(raw.name, report, len(questions))
    return run, report


def _warn_of_misses(name: str, report: dict[str, Any], n_questions: int) -> None:
    """Say what makes a run look worse than its engine is."""
    for what, examples in report["unknown"].items():
        if examples:
            count, shown = report[f"n_unknown_{what}"], list_shortly(examples, _SHOWN)
            logger.warning("%s: left out %d rows of unknown %s (%s)", name, count, what, shown)
    if missing := report["n_questions_without_passage"]:
        logger.warning(
            "%s has no passage for %d of %d questions, which count as missed",
            name, missing, n_questions,
        )  # fmt: skip


class _Reader:
    """Names questions and passages as we do, and counts what it cannot name."""

    def __init__(
        self, questions: pd.DataFrame, passages: pd.DataFrame, merged: pd.DataFrame | None
    ) -> None:
        self.n_rows = 0
        self.unknown: dict[str, Counter[str]] = {"questions": Counter(), "passages": Counter()}
        self._question_ids = set(questions["question_id"])
        self._ids_by_text: defaultdict[str, list[str]] = defaultdict(list)
        for question_id, text in zip(questions["question_id"], questions["question"], strict=True):
            self._ids_by_text[plain(text)].append(question_id)
        self._passage_ids = passages["passage_id"].tolist()
        self._kept = {passage_id: passage_id for passage_id in self._passage_ids}
        if merged is not None:
            pairs = zip(merged["passage_id"], merged["kept_id"], strict=True)
            self._kept |= {old: new for old, new in pairs if old not in self._kept}
        self._texts = passages["text"]
        self._by_text: PassageTexts | None = None

    def name(self, row: FoundRow) -> Iterator[Named]:
        self.n_rows += 1
        question_ids = (
            [row.question]
            if row.question in self._question_ids
            else self._ids_by_text.get(plain(row.question), [])
        )
        if not question_ids:
            self.unknown["questions"][row.question] += 1
            return
        score = float("nan") if row.score is None else row.score
        for passage_id in self._passages_of(row):
            for question_id in question_ids:
                yield question_id, passage_id, score

    def _passages_of(self, row: FoundRow) -> Iterator[str]:
        if row.passage is not None:
            found = self._kept.get(row.passage)
            if found is None:
                self.unknown["passages"][row.passage] += 1
            else:
                yield found
            return
        if self._by_text is None:
            self._by_text = PassageTexts(self._texts)
        for text in row.texts:
            places, is_more = self._by_text.find(text)
            if is_more:
                self.unknown["passages"][shorten(text)] += 1
            yield from (self._passage_ids[place] for place in places)


def _with_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Give rows 1 / rank for a score unless all have one."""
    if table["score"].notna().all():
        return table
    rank = table.groupby("question_id", sort=False).cumcount() + 1
    return table.assign(score=1 / rank)
