"""Which labelled questions are learnt from and which are judged on."""

import logging

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from klue_pipeline.odqa.ingest.schema import TEST, TRAIN, VALIDATION
from klue_pipeline.odqa.settings.ingest_params import PartsParams
from klue_pipeline.text.blanks import without_blanks

logger = logging.getLogger(__name__)


def assign_parts(
    questions: pd.DataFrame, gold: pd.DataFrame, groups: pd.DataFrame, params: PartsParams
) -> pd.DataFrame:
    """Say of each labelled question whether it is learnt from or judged on.

    Validation questions that were given stay what they are. Drawn ones share neither a context nor
    a passage, nor a passage's near duplicate, with a training question.

    Args:
        questions: Questions of all parts; schema ``Questions``.
        gold: Which passages hold their answers; schema ``GoldPassages``.
        groups: Which passages are near duplicates; schema ``PassageGroups``.
        params: Whether to draw, how many, and the seed.

    Returns:
        The questions in their order with a new ``part``; schema ``Questions``.

    Raises:
        ValueError: Validation questions are wanted as given and there are none, or all labelled
            questions hang together, so that none can be drawn.
    """
    n_given = int((questions["part"] == VALIDATION).sum())
    if params.validation == "given" and not n_given:
        raise ValueError(
            "No validation questions are given: name a file with odqa.raw.validation, or let some "
            "of the training questions be drawn with odqa.parts.validation=drawn."
        )
    units = connected_questions(questions, gold, groups)
    if n_given and params.validation != "drawn":
        _log_shared(questions, units)
        return questions
    labelled = np.flatnonzero(questions["part"] != TEST)
    drawn = labelled[draw_units(units[labelled], params.validation_share, params.seed)]
    part = questions["part"].mask(questions["part"] != TEST, TRAIN).to_numpy(dtype=object)
    part[drawn] = VALIDATION
    logger.info("Drew %d of %d labelled questions to judge on", len(drawn), len(labelled))
    return questions.assign(part=pd.Series(part, questions.index, dtype="str"))


def connected_questions(
    questions: pd.DataFrame, gold: pd.DataFrame, groups: pd.DataFrame
) -> NDArray[np.int64]:
    """Number the questions that hang together by a context, or by passages of one group.

    Returns:
        The unit of each question, counted from 0 in order of first appearance. Shape:
        (questions,).
    """
    n_questions = len(questions)
    letters = questions["context"].map(without_blanks, na_action="ignore")
    contexts, names = pd.factorize(letters)
    with_context = np.flatnonzero(contexts >= 0)
    row_of = pd.Series(np.arange(n_questions), questions["question_id"])
    group_of = groups.set_index("passage_id")["group_id"]
    group_codes, group_names = pd.factorize(gold["passage_id"].map(group_of))
    starts = np.concatenate([with_context, gold["question_id"].map(row_of).to_numpy()])
    ends = np.concatenate(
        [n_questions + contexts[with_context], n_questions + len(names) + group_codes]
    )
    n_nodes = n_questions + len(names) + len(group_names)
    links = coo_array((np.ones(len(starts), dtype=np.int8), (starts, ends)), (n_nodes, n_nodes))
    _, component = connected_components(links, directed=False)
    units, _ = pd.factorize(component[:n_questions])
    return np.asarray(units, dtype=np.int64)


def draw_units(units: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Draw whole units at random, as many as fit into a share of the rows, at least one.

    Args:
        units: The unit of each row.
        share: Share of the rows, between 0 and 1.
        seed: Seed of the draw.

    Returns:
        Places of the drawn rows, in their order.

    Raises:
        ValueError: There is a single unit.
    """
    codes, names = pd.factorize(units)
    sizes = np.bincount(codes, minlength=len(names))
    if len(sizes) < 2:  # noqa: PLR2004 - one for each side
        raise ValueError(
            f"All {len(units)} labelled questions hang together by their passages, so that none "
            "can be set apart to judge on. Give validation questions with odqa.raw.validation."
        )
    room = max(share * len(units), sizes.min())
    chosen, taken = [], 0
    for unit in np.random.default_rng(seed).permutation(len(sizes)):
        if taken + sizes[unit] <= room:
            chosen.append(unit)
            taken += sizes[unit]
    return np.flatnonzero(np.isin(codes, chosen))


def _log_shared(questions: pd.DataFrame, units: NDArray[np.int64]) -> None:
    part = questions["part"].to_numpy()
    shared = np.isin(units[part == VALIDATION], units[part == TRAIN])
    logger.info(
        "%d of %d validation questions share a passage with training questions",
        shared.sum(), len(shared),
    )  # fmt: skip
