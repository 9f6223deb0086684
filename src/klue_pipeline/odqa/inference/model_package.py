"""How an answerer behind a server is asked, and a request that shows it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from klue_pipeline.odqa.dense.encoder_folders import FAISS_FILE
from klue_pipeline.odqa.inference.answerer_folder import index_folder
from klue_pipeline.odqa.inference.requests import CONTEXT, QUESTION
from klue_pipeline.training.exporting.served_interface import COMMON_REQUIREMENTS, ServedInterface
from klue_pipeline.training.loading.weights_file import GRAPH_FILE

INTERFACE = ServedInterface(
    loader="klue_pipeline.serving.question_answerer",
    wanted=QUESTION,
    optional=(CONTEXT,),
    answers={
        "answer": "text",
        "best_guess": "text",
        "probability": "number",
        "confidence": "number",
        "title": "text",
        "passage_id": "text",
        "passage": "text",
        "start_char": "whole_number",
        "end_char": "whole_number",
    },
    row="Question",
    refusal="cannot be answered",
    for_files="answer a file with kedro run --pipelines odqa_answer_new",
    requirements=(*COMMON_REQUIREMENTS, "bm25s", "kiwipiepy", "pandera", "scikit-learn"),
    may_be_missing=frozenset({"answer", "confidence"}),
)
"""Models that were saved before name this loader; another name would leave them behind."""

EXAMPLE_QUESTION = "토지를 쓴 사람은 누구인가?"
EXAMPLE_CONTEXT = "《토지》는 박경리가 쓴 장편 소설이다."


def interface_of(folder: Path) -> ServedInterface:
    """Return how an exported answerer is asked, with what its own indexes and readers need.

    Args:
        folder: The exported answerer.
    """
    wanted = {
        "faiss-cpu": f"{index_folder('*')}/{FAISS_FILE}",
        "onnxruntime": f"*/{GRAPH_FILE}",
    }
    more = [package for package, sign in wanted.items() if list(folder.glob(sign))]
    return replace(INTERFACE, requirements=(*INTERFACE.requirements, *more)) if more else INTERFACE


def tabulate_request(*, searches: bool) -> pd.DataFrame:
    """Write the example: a question with its context, and without one.

    Args:
        searches: Whether a question without a context can be asked.
    """
    contexts = [EXAMPLE_CONTEXT, None] if searches else [EXAMPLE_CONTEXT]
    return pd.DataFrame(
        {QUESTION: [EXAMPLE_QUESTION] * len(contexts), CONTEXT: contexts}, dtype=object
    )
