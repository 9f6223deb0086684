"""Which text each labelled question is read in, and what is added for training."""

import pandas as pd
import pytest

from klue_pipeline.odqa.encoding.reader_examples import ReaderTables, make_reader_examples
from klue_pipeline.odqa.encoding.schema import ReaderExamples
from klue_pipeline.odqa.ingest.schema import Questions
from klue_pipeline.odqa.settings.reader_params import QuestionAugmentParams, ReaderParams

CONTEXT = "서론이다. 한강은 서울을 지나 서해로 흐른다. 길이는 494km이다."
QUESTIONS = [
    ("q0", "한강의 길이는 얼마인가?", "train", CONTEXT, ["494km", "서론"], None),
    ("q1", "한강은 어디로 흐르는가?", "validation", CONTEXT, ["서해"], None),
    ("q2", "한강의 깊이는?", "train", CONTEXT, [], "unanswerable"),
    ("q3", "금강은 어디로 흐르는가?", "train", "금강은 서해로 흐른다.", ["서해"], None),
    ("q4", "답이 없는 물음은?", "train", None, [], "unanswerable"),
    ("t0", "낙동강은?", "test", None, [], None),
]
PASSAGES = pd.DataFrame(
    [
        ("p0", CONTEXT[6:]),
        ("p1", "한강은  서울을 지나 서해로 흐른다. 길이는 494km이다."),
        ("p2", "백두산은 2744m이다."),
        ("p3", "낙동강은 남해로 흐른다."),
        ("p4", "한강의 길이는 494km라고 한다."),
        ("p5", "영산강은 목포를 지난다."),
    ],
    columns=["passage_id", "text"],
).assign(title="")
GROUPS = pd.DataFrame(
    {"passage_id": PASSAGES["passage_id"], "group_id": ["p0", "p0", "p2", "p3", "p4", "p5"]}
)
GOLD = pd.DataFrame(
    [("q0", "p0", 6), ("q0", "p1", 6), ("q1", "p0", 6)],
    columns=["question_id", "passage_id", "shift"],
).assign(how="containment")
FOUND = {"q0": ["p4", "p2", "p1", "p3", "p5"], "q1": ["p2"], "q3": ["p2"], "t0": ["p3"]}
RUN = pd.DataFrame(
    [(q, p, rank, 1 / rank) for q, found in FOUND.items() for rank, p in enumerate(found, 1)],
    columns=["question_id", "passage_id", "rank", "score"],
)


@pytest.fixture(scope="module")
def questions():
    rows = [
        (*row[:5], [(row[3] or "").index(answer) for answer in row[4]], row[5]) for row in QUESTIONS
    ]
    columns = ["question_id", "question", "part", "context", "answers", "answer_starts", "kind"]
    return Questions.validate(pd.DataFrame(rows, columns=columns).assign(title=None))


def make(questions, hard_passages=0, methods=(), run=RUN):
    tables = ReaderTables(questions, GOLD, GROUPS, PASSAGES, run)
    augment = QuestionAugmentParams(
        methods=list(methods),
        random_flip={"share": 1.0},
        question_mask={"share": 1.0, "max_words": 1},
        seed=1,
    )
    reader = ReaderParams.model_construct(hard_passages=hard_passages)
    rows, report = make_reader_examples(tables, reader, augment)
    return ReaderExamples.validate(rows), report


def test_a_question_is_read_in_its_gold_passage_or_its_own_context(questions):
    rows, report = make(questions)
    columns = ["row_id", "passage_id", "context", "answers", "answer_starts", "part"]
    assert rows[columns].to_numpy().tolist() == [
        ["q0", "p0", PASSAGES["text"][0], ["494km"], [CONTEXT.index("494km") - 6], "train"],
        ["q1", "p0", PASSAGES["text"][0], ["서해"], [CONTEXT.index("서해") - 6], "validation"],
        ["q2", "", CONTEXT, [], [], "train"],
        ["q3", "", "금강은 서해로 흐른다.", ["서해"], [4], "train"],
    ]
    assert report == {
        "questions": 5,
        "in_gold_passage": 2,
        "in_own_context": 2,
        "without_text": 1,
        "unanswerable": 1,
        "answers": 4,
        "answers_in_text": 3,
        "further_gold_passages": 1,
        "rows": {"train": {"original": 3}, "validation": {"original": 1}},
        "methods": {},
    }


def test_hard_passages_hold_no_answer_and_are_not_of_the_golds_group(questions):
    rows, report = make(questions, hard_passages=2)
    hard = rows[rows["method"] == "hard_passage"]
    assert hard[["row_id", "question_id", "passage_id"]].to_numpy().tolist() == [
        ["q0.hard_passage", "q0", "p2"],
        ["q0.hard_passage.2", "q0", "p3"],
    ]
    assert hard["context"].tolist() == PASSAGES["text"][[2, 3]].tolist()
    assert hard["answers"].map(len).sum() == 0
    assert report["rows"]["train"]["hard_passage"] == 2


def test_hard_passages_of_no_run_are_refused(questions):
    with pytest.raises(ValueError, match=r"reader\.hard_passages=3 .* there is no run"):
        make(questions, hard_passages=3, run=None)


def test_only_training_questions_are_augmented(questions):
    rows, report = make(questions, methods=["random_flip"])
    made = rows[rows["method"] != "original"]
    assert made["row_id"].tolist() == ["q0.random_flip", "q3.random_flip"]
    assert report["methods"] == {"random_flip": {"rows": 2, "left_out": {"fewer than 3 words": 1}}}
    assert report["rows"]["train"] == {"original": 3, "random_flip": 2}
    others = ["passage_id", "context", "answers", "answer_starts", "part"]
    origin = rows.set_index("row_id").loc[made["question_id"], others]
    assert made[others].to_numpy().tolist() == origin.to_numpy().tolist()


def test_no_question_that_could_be_read(questions):
    with pytest.raises(ValueError, match="none has a passage or a context"):
        make(questions[questions["question_id"].isin(["q4", "t0"])])
