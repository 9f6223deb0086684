"""Why nothing can be judged: no passage holds an answer that is known."""

from klue_pipeline.odqa.metrics.truth import RetrievalTruth


def explain_refusal(truth: RetrievalTruth) -> str | None:
    """Say why no run can be judged; None where they can.

    Args:
        truth: What counts as found.
    """
    return None if truth.has_gold.any() else explain_no_gold(f"{len(truth):,} labelled", truth)


def explain_no_gold(asked: str, truth: RetrievalTruth) -> str:
    """Say of some questions that none has a gold passage, and what to do.

    Args:
        asked: How many these are, and which.
        truth: What is searched.
    """
    return (
        f"None of {asked} questions has its answer at its place in one of the "
        f"{len(truth.passages):,} passages that are searched, so that nothing says what is right. "
        "Are these the documents that the questions are about? odqa.passages.add_contexts=true "
        "adds the texts that they were asked about."
    )
