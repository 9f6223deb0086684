"""The spans of all passages of a question side by side, and one probability over all of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.answering.listed_passages import NOT_LISTED, ListedPassages
from klue_pipeline.odqa.metrics.answers import normalise_answer

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


_PLACE = ("question", "answer_id", "passage", "shown_start_char", "shown_end_char")
_READ = ("fold", "start_char", "end_char")


@dataclass(frozen=True, eq=False)
class PooledSpans:
    """Candidates of the passages that count, sorted by question, answer and place.

    What a reader reads in one go is a *text*: a passage, or all passages of a question joined. All
    texts that one fold reads for a question are a *reading*; a softmax goes over each.

    Attributes:
        table: The candidates with ``shown_text``, ``shown_start_char`` and ``shown_end_char``, the
            answer as it is given, and the numbers of their ``question`` in ``question_ids``, of
            their text as ``text_id``, and of their normalised answer as ``answer_id``;
            ``n_folds`` is how many folds read the question.
        question_ids: In the order of the run.
        answers: All normalised answers.
        log_totals: Logarithm of the sum of exp(score) over all spans of a text. Shape: (texts,).
        retrieval: Relative retrieval score of a text, -1 to 0. Shape: (texts,).
        reading: Number of the reading of a text. Shape: (texts,).
        question_of_text: Number of the question of a text. Shape: (texts,).
        n_empty: Spans that were left out because nothing stays of them after normalisation.
    """

    table: pd.DataFrame
    question_ids: pd.Index
    answers: pd.Index
    log_totals: Floats
    retrieval: Floats
    reading: Integers
    question_of_text: Integers
    n_empty: int

    def numbers(self, name: str) -> Integers:
        """Return a column of whole numbers. Shape: (spans,)."""
        return self.table[name].to_numpy(np.int64)

    def number_places(self) -> tuple[Integers, Integers]:
        """Number the places of answers, as :func:`number_runs` does."""
        return number_runs(self.table, _PLACE)

    def keep(self, is_kept: NDArray[np.bool_]) -> "PooledSpans":
        """Return some of the spans; probabilities stay what they are.

        Args:
            is_kept: Shape: (spans,).
        """
        return replace(self, table=self.table[is_kept])

    def of_questions(self, question_ids: pd.Index) -> "PooledSpans":
        """Return the spans of some of the questions."""
        is_wanted = np.asarray(self.question_ids.isin(question_ids))
        return self.keep(is_wanted[self.numbers("question")])

    def log_probabilities(self, retrieval_weight: float | Floats) -> Floats:
        """Return the logarithm of what each span adds to the probability of its answer.

        Folds that read the same question count alike.

        Args:
            retrieval_weight: How much more the score of a span counts for 1 of ``retrieval``; one
                for all, or one for each question. Shape: (questions,).

        Returns:
            Shape: (spans,).
        """
        weights = np.broadcast_to(retrieval_weight, len(self.question_ids))
        bonus = weights[self.question_of_text] * self.retrieval
        log_z = log_sum(self.log_totals + bonus, self.reading)
        of_text = (bonus - log_z[self.reading])[self.numbers("text_id")]
        logarithms = self.table["logit"].to_numpy(np.float64) + of_text
        return np.asarray(logarithms - np.log(self.table["n_folds"].to_numpy(np.float64)))


def pool_spans(
    candidates: pd.DataFrame,
    run: pd.DataFrame,
    *,
    depth: int | None = None,
    trimmed: bool = True,
    is_joined: bool = False,
) -> PooledSpans:
    """Put together what may be the answer of each question.

    Args:
        candidates: Schema ``Candidates``.
        run: Schema ``Run``; what was read and is not in it is left out.
        depth: How many passages of a question count, best first; None for all that were read.
        trimmed: Whether particles are cut off.
        is_joined: Whether to take what was read from all passages as one text; the retrieval score
            says nothing there, and ``depth`` only where an answer may begin.
    """
    listed = ListedPassages.of(run)
    row = listed.find(candidates["question_id"], candidates["passage_id"])
    ranks = listed.ranks[row] if len(run) else row
    is_kept = (row != NOT_LISTED) & (candidates["is_joined"].to_numpy(bool) == is_joined)
    if depth is not None:
        is_kept &= ranks <= depth
    row = row[is_kept]
    kept = candidates[is_kept].assign(
        question=listed.pairs.to_numpy(np.int64)[row] // (len(listed.passages) + 1),
        passage=listed.pairs.to_numpy(np.int64)[row] % (len(listed.passages) + 1),
        retrieval=0.0 if is_joined else listed.retrieval[row],
    )
    return _pool(_show(kept, trimmed), listed.questions, is_joined)


def _show(spans: pd.DataFrame, trimmed: bool) -> pd.DataFrame:
    """Add what is given as an answer, and its place."""
    before = "trimmed_" if trimmed else ""
    names = ("text", "start_char", "end_char")
    shown = spans.assign(**{f"shown_{name}": spans[before + name] for name in names})
    return shown.drop(columns=["question_id", *(f"trimmed_{name}" for name in names)])


def _pool(spans: pd.DataFrame, question_ids: pd.Index, is_joined: bool) -> PooledSpans:
    # Sums of floating-point numbers depend on their order, so that it is made the same always.
    spans = _sort(spans, ("question", "fold", "passage"))
    read_at_once = ("question", "fold") if is_joined else ("question", "fold", "passage")
    text, first_of_text = number_runs(spans, read_at_once)
    reading, first_of_reading = number_runs(spans, ("question", "fold"))
    question = spans["question"].to_numpy(np.int64)
    n_folds = np.bincount(question[first_of_reading], minlength=len(question_ids))
    answer, answers = _number_answers(spans["shown_text"])
    is_empty = (answers == "")[answer]
    numbered = spans.assign(text_id=text, answer_id=answer, n_folds=n_folds[question])
    return PooledSpans(
        _sort(numbered[~is_empty], (*_PLACE, *_READ)),
        question_ids,
        answers,
        spans["passage_log_total"].to_numpy(float)[first_of_text],
        spans["retrieval"].to_numpy(float)[first_of_text],
        reading[first_of_text],
        question[first_of_text],
        int(is_empty.sum()),
    )


def _sort(spans: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Sort by columns of whole numbers, the first one first."""
    return spans.iloc[np.lexsort([spans[name].to_numpy(np.int64) for name in reversed(names)])]


def number_runs(sorted_rows: pd.DataFrame, names: tuple[str, ...]) -> tuple[Integers, Integers]:
    """Number neighbours that agree in some columns of whole numbers.

    Returns:
        The number of each row, and the place of each number's first row.

    >>> number_runs(pd.DataFrame({"a": [3, 3, 5, 5], "b": [0, 1, 1, 1]}), ("a", "b"))
    (array([0, 1, 2, 2]), array([0, 1, 2]))
    """
    is_first = np.zeros(len(sorted_rows), dtype=bool)
    is_first[:1] = True
    for name in names:
        values = sorted_rows[name].to_numpy(np.int64)
        is_first[1:] |= values[1:] != values[:-1]
    return np.cumsum(is_first) - 1, np.flatnonzero(is_first)


def _number_answers(shown: pd.Series) -> tuple[Integers, pd.Index]:
    """Number texts that are equal after normalisation alike."""
    text, texts = pd.factorize(shown.to_numpy(object))
    normalised = np.array([normalise_answer(text) for text in texts], dtype=object)
    answer, answers = pd.factorize(normalised)
    return answer.astype(np.int64)[text], pd.Index(answers, dtype=object)


def log_sum(values: Floats, group: Integers) -> Floats:
    """Return the logarithm of the sum of exp(value) in each group of neighbours."""
    if not len(values):
        return values
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    highest = np.maximum.reduceat(values, starts)
    sums = np.add.reduceat(np.exp(values - highest[group]), starts)
    logarithms: Floats = highest + np.log(sums)
    return logarithms
