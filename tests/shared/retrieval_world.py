"""Seven passages and what is asked about them, small enough to judge by eye."""

import pandas as pd

from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

ATTACK = "<script>alert('text')</script>"
PARAMS = OdqaEvaluationParams(
    n_resamples=200,
    confidence=0.9,
    seed=7,
    select_by="recall_at_1",
    select_answers_by="exact_match",
)

PASSAGES = pd.DataFrame(
    [
        ("p0", "토지 (소설)", "《토지》는 박경리의 장편 소설이다. 1969년에 쓰기 시작했다."),
        ("p1", "한강", "한강은 서울을 지나 서해로 흐른다.\\n길이는 494km이다."),
        ("p2", "한강", "한강은  서울을 지나 서해로 흐른다. 길이는 494km이다."),
        ("p3", "백두산", "백두산은 가장 높은 산이며 2744m이다."),
        ("p4", "", f"박경리 문학관은 원주에 있다. {ATTACK}"),
        ("p5", ATTACK, "낙동강은 남해로 흐른다."),
        ("p6", "금강", "금강은 서해로 흐른다."),
    ],
    columns=["passage_id", "title", "text"],
).assign(document_id=lambda table: table["passage_id"], start_char=0)

GROUPS = pd.DataFrame(
    {"passage_id": PASSAGES["passage_id"], "group_id": ["p0", "p1", "p1", "p3", "p4", "p5", "p6"]}
)

EXAMPLES = pd.DataFrame(
    [
        ("q0", f"토지를 쓴 사람은? {ATTACK}", "validation", ["박경리"]),
        ("q1", "한강의 길이는 얼마인가?", "validation", ["494km"]),
        ("q2", "한강은 어디로 흐르나?", "validation", ["서해"]),
        ("q3", "가장 높은 산은?", "train", ["백두산"]),
        ("q4", "누가 물었나?", "train", []),
        ("q5", "금강은 어디로 흐르나?", "train", ["서해"]),
        ("q6", "낙동강은 어디로 흐르나?", "test", []),
    ],
    columns=["question_id", "question", "part", "answers"],
).assign(
    title=None,
    context=None,
    answer_starts=lambda table: [[] for _ in range(len(table))],
    kind=None,
)

GOLD = pd.DataFrame(
    [("q0", "p0"), ("q1", "p1"), ("q2", "p1"), ("q3", "p3"), ("q5", "p6")],
    columns=["question_id", "passage_id"],
).assign(shift=0, how="text")


def make_truth(**changed):
    given = {"examples": EXAMPLES, "gold": GOLD, "groups": GROUPS, "passages": PASSAGES}
    return RetrievalTruth.of(**{**given, **changed})


def make_run(ranked):
    """Write a run from the passages of each question, best first."""
    rows = [
        (question, passage, rank, 1.0 / rank)
        for question, passages in ranked.items()
        for rank, passage in enumerate(passages, start=1)
    ]
    return pd.DataFrame(rows, columns=["question_id", "passage_id", "rank", "score"])


GOOD = make_run({
    "q0": ["p0", "p4"], "q1": ["p2", "p1"], "q2": ["p1", "p6"],
    "q3": ["p4", "p3"], "q4": ["p0"], "q5": ["p6"], "q6": ["p5"],
})  # fmt: skip
"""Finds the gold passage of all validation questions first, once by its copy."""

POOR = make_run({
    "q0": ["p4", "p5", "p0"], "q1": ["p3", "p5"], "q3": ["p3"], "q5": ["p1", "p6"],
})  # fmt: skip
"""Finds q0's third, and its answer first; q1's nowhere; says nothing about q2."""
