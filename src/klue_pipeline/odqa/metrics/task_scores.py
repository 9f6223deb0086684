"""The scores of retrieval and of answers, as leaderboards and reports show them."""

from klue_pipeline.reporting.task_scores import Score, TaskScores

DEPTHS = (1, 5, 10, 20, 100)
"""How many of the best passages are looked at."""

MRR = "mrr"

ODQA_SCORES = TaskScores(
    (
        *(Score(f"recall_at_{depth}", f"recall at {depth}") for depth in DEPTHS),
        Score(MRR, "MRR"),
    ),
    judged_on="validation questions",
    row="question",
    by_fold=False,
    tested="",
    command="kedro run --pipelines odqa_retrieval",
)
"""The names of ``RetrievalScore`` in the settings, 0 to 100: the share of the questions whose gold
passage, or one of its group, is among the best; and the mean of 1 / its rank (Voorhees 1999), where
100 says that it is always the first."""

ANSWER_SCORES = tuple(
    Score(f"answer_recall_at_{depth}", f"recall of the answer at {depth}") for depth in DEPTHS
)
"""The share of the questions with an answer string in one of the best passages, 0 to 100."""

READER_SCORES = TaskScores(
    (
        Score("exact_match", "exact match"),
        Score("character_f1", "character F1"),
        Score("exact_match_given_gold_passage", "exact match given the gold passage",
              published_as="exact_match"),
        Score("character_f1_given_gold_passage", "character F1 given the gold passage",
              published_as="character_f1"),
    ),
    judged_on="validation questions",
    row="question",
    by_fold=False,
    tested="exact_match",
    command="kedro run --pipelines odqa",
    selected_in="odqa.evaluation.select_answers_by",
)  # fmt: skip
"""What answers are judged by, 0 to 100: end to end, which counts what retrieval missed, and by what
the reader says of the gold passage alone."""


def depth_of(score: str) -> int | None:
    """Return how far down the run a score looks; None for one that looks at all of it.

    >>> depth_of("answer_recall_at_20"), depth_of("mrr")
    (20, None)
    """
    return None if score == MRR else int(score.rpartition("_")[2])
