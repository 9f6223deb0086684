"""Every judged question as a page: what was wanted, what was said, and where the two stand.

The page holds its data as columns. It shows a few questions at a time, and needs no network.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.answer_report.answered import PART, AnsweredQuestions
from klue_pipeline.odqa.answer_report.excerpts import Piece, Span, cut_excerpt, find_spans, overlaps
from klue_pipeline.odqa.answer_report.failures import FAILURE_KINDS, count_kinds
from klue_pipeline.odqa.metrics.answers import CHARACTER_F1, normalise_answer
from klue_pipeline.reporting.pages import render_page

Columns = dict[str, Any]

N_BEST_SHOWN = 5
_RIGHT = ("right", "only_normalisation")
_MISSING = -1
_PER_MILLE = 1000


def render_answer_errors(answered: AnsweredQuestions, failures: pd.DataFrame, title: str) -> str:
    """Write a page that shows, filters and links the judged questions.

    Args:
        answered: The questions and what became of them.
        failures: That of :func:`~klue_pipeline.odqa.answer_report.failures.name_failures`.
        title: Which experiment it is.
    """
    counts = count_kinds(failures)
    return render_page(
        "answer_errors",
        title=title,
        part=PART,
        refused=None,
        questions=len(failures),
        wrong=sum(count for kind, count in counts.items() if kind not in _RIGHT),
        counts=counts,
        kinds=FAILURE_KINDS,
        data=write_columns(answered, failures),
    )


def render_no_errors(reason: str, title: str) -> str:
    """Write the page of an experiment whose answers cannot be judged.

    Args:
        reason: Why not.
        title: Which experiment it is.
    """
    return render_page("answer_errors", title=title, part=PART, refused=reason)


def write_columns(answered: AnsweredQuestions, failures: pd.DataFrame) -> Columns:
    """Write what the page shows, for JSON.

    Returns:
        - ``kinds``, ``right_kinds`` and ``top_k``;
        - ``passages``: ``id`` and ``title`` of those that are shown;
        - ``rows``: columns of the questions, the surest answer first: ``place`` in the data,
          ``question_id``, ``question``, ``golds``, ``kind`` (its place in ``kinds``), ``text``,
          ``untrimmed`` (None where nothing was cut), ``is_given``, per mille ``f1``,
          ``probability`` and ``confidence`` (-1 where not known), ``has_gold``, ``gold_rank`` and
          ``passage_rank`` (0: not in the run), ``best`` (of the likeliest answers text, per mille,
          and whether it is a gold answer), and ``given`` and ``gold``: place of a passage and its
          pieces, None where there is nothing to show.
    """
    rows = _collect(answered, failures)
    shown: dict[int, int] = {}
    excerpts = [_cut_excerpts(row, answered) for row in rows.itertuples()]
    for passage in (own[0] for pair in excerpts for own in pair if own):
        shown.setdefault(passage, len(shown))
    passages = answered.questions.truth.passages.iloc[list(shown)]
    numbers = [[own and [shown[own[0]], own[1]] for own in pair] for pair in excerpts]
    return {
        "kinds": list(FAILURE_KINDS),
        "right_kinds": list(_RIGHT),
        "top_k": answered.params.top_k,
        "passages": {"id": passages["passage_id"].tolist(), "title": passages["title"].tolist()},
        "rows": {
            **{name: rows[name].tolist() for name in _PLAIN},
            "given": [given for given, _ in numbers],
            "gold": [gold for _, gold in numbers],
        },
    }


_PLAIN = (
    "place", "question_id", "question", "golds", "kind", "text", "untrimmed", "is_given", "f1",
    "probability", "confidence", "has_gold", "gold_rank", "passage_rank", "best",
)  # fmt: skip


def _collect(answered: AnsweredQuestions, failures: pd.DataFrame) -> pd.DataFrame:
    """Bring together what is known of each question, the surest answer first."""
    questions, answers = answered.questions, answered.answers
    untrimmed = answered.n_best[answered.n_best["rank"] == 1].set_index("question_id")["untrimmed"]
    before = untrimmed.reindex(answers["question_id"]).astype(object).reset_index(drop=True)
    is_cut = before.notna() & (before != answers["text"])
    rows = pd.DataFrame(
        {
            "place": np.arange(len(questions)),
            "question_id": answers["question_id"],
            "question": questions.table["question"],
            "golds": questions.table["answers"].map(list),
            "kind": pd.Index(list(FAILURE_KINDS)).get_indexer(pd.Index(failures["kind"])),
            "text": answers["text"],
            "untrimmed": before.where(is_cut, None),
            "is_given": answers["is_given"].astype(bool),
            "f1": _per_mille(answered.scores_of_all[CHARACTER_F1]),
            "probability": _per_mille(answers["probability"]),
            "confidence": _per_mille(answers["confidence"]),
            "has_gold": questions.has_gold,
            "gold_rank": failures["gold_rank"],
            "passage_rank": answers["passage_rank"],
            "best": _list_best(answered),
            "passage": failures["passage"],
            "is_gold_passage": failures["is_gold_passage"],
            "start": answers["start_char"],
            "end": answers["end_char"],
        }
    )
    known = "confidence" if answers["confidence"].notna().all() else "probability"
    return rows.sort_values(known, ascending=False, kind="stable", ignore_index=True)


def _per_mille(shares: pd.Series) -> pd.Series:
    return (shares * _PER_MILLE).round().fillna(_MISSING).clip(upper=_PER_MILLE).astype("int64")


def _list_best(answered: AnsweredQuestions) -> pd.Series:
    """List the likeliest answers of each question, each with whether it is a gold answer."""
    best = answered.n_best[answered.n_best["rank"] <= N_BEST_SHOWN]
    listed = zip(best["question_id"], best["text"], _per_mille(best["probability"]), strict=True)
    by_id: dict[str, list[tuple[str, int]]] = {}
    for question_id, text, per_mille in listed:
        by_id.setdefault(question_id, []).append((text, per_mille))
    asked = answered.questions.table
    pairs = zip(asked["question_id"].tolist(), asked["answers"].tolist(), strict=True)
    marked = [_mark_gold(by_id.get(question_id, []), golds) for question_id, golds in pairs]
    return pd.Series(marked, index=asked.index).astype(object)


def _mark_gold(best: Sequence[tuple[str, int]], golds: Iterable[str]) -> list[list[Any]]:
    wanted = {normalise_answer(gold) for gold in golds}
    return [[text, per_mille, normalise_answer(text) in wanted] for text, per_mille in best]


Excerpt = tuple[int, list[Piece]]


def _cut_excerpts(row: Any, answered: AnsweredQuestions) -> tuple[Excerpt | None, Excerpt | None]:
    """Cut out where the answer stands and, in another passage, where a gold answer does."""
    truth = answered.questions.truth
    texts, place = truth.passages["text"].array, answered.questions.places[row.place]
    gold_passage = int(truth.first_gold[place]) if row.has_gold else _MISSING
    given = gold = None
    if row.passage >= 0:
        text = texts[row.passage]
        span = row.start, min(row.end, len(text))
        wanted = _find_gold(row, answered, row.passage) if row.is_gold_passage else []
        given = _cut(row, text, row.passage, span, [span, *wanted])
    if gold_passage >= 0 and not row.is_gold_passage:
        wanted = _find_gold(row, answered, gold_passage)
        gold = _cut(row, texts[gold_passage], gold_passage, None, wanted)
    return given, gold


def _cut(row: Any, text: str, passage: int, given: Span | None, around: Sequence[Span]) -> Excerpt:
    return passage, cut_excerpt(text, find_spans(text, row.golds), given, around)


def _find_gold(row: Any, answered: AnsweredQuestions, passage: int) -> list[Span]:
    """Return the place of a gold answer in a gold passage: the known one, or else the first."""
    passages = answered.questions.truth.passages
    text, passage_id = passages["text"].array[passage], passages["passage_id"].array[passage]
    spans = find_spans(text, row.golds)
    known = answered.gold_spans.get((row.question_id, passage_id), [])
    return [span for span in spans if overlaps(span, known)][:1] or spans[:1]
