"""Seven questions about the passages of ``retrieval_world``, one for every kind of failure.

Two passages are read for each; the run lists a third. Rank 1 of a question is its first passage in
``RANKED``.
"""

import math

import pandas as pd
from retrieval_world import ATTACK, GROUPS, PASSAGES, make_run, make_truth

from klue_pipeline.odqa.answer_report.answered import AnsweredQuestions
from klue_pipeline.odqa.answer_report.failures import name_failures
from klue_pipeline.odqa.answer_report.report import report_answers
from klue_pipeline.odqa.answering.choosing import Choice, choose
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerParams, ReaderFoldsParams

TOP_K = 2
ANSWER = AnswerParams(
    top_k=TOP_K,
    passages="separate",
    span_score="logits",
    max_answer_tokens=30,
    n_best=5,
    retrieval_weight=1.0,
    trim_josa=True,
)
FOLDS = ReaderFoldsParams(strategy="validation", n_splits=1, validation_share=0.2, seed=1)
EVALUATION = OdqaEvaluationParams(
    n_resamples=200,
    confidence=0.9,
    seed=7,
    select_by="recall_at_1",
    select_answers_by="exact_match",
)

_TEXTS = dict(zip(PASSAGES["passage_id"], PASSAGES["text"], strict=True))

# question | gold passage | answers | passages of the run | read: passage, text, particle, logit
_QUESTIONS = [
    ("right", "p0", ["박경리"], "p0 p4 p5",
     [("p0", "박경리", "의", 3.0), ("p4", "박경리", "", 1.0)]),
    ("only_normalisation", "p0", ["토지"], "p4 p0 p5", [("p0", "《토지》", "는", 3.0)]),
    ("boundary", "p1", ["494km"], "p2 p1 p3",
     [("p2", "길이는 494km", "", 2.0), ("p1", "494km", "", 1.0)]),
    ("wrong_span", "p1", ["서해"], "p2 p6 p1",
     [("p2", "서울", "을", 2.0), ("p6", "서해", "로", 0.5)]),
    ("another_passage", "p3", ["백두산"], "p3 p5 p1",
     [("p5", "낙동강", "은", 2.0), ("p3", "백두산", "은", 1.0)]),
    ("not_retrieved", "p6", ["금강"], "p5 p3 p6",
     [("p5", "남해", "로", 2.0), ("p6", "금강", "은", 5.0)]),
    ("no_answer", "p5", ["남해"], "p3 p4", [("p5", "남해", "로", 0.0)]),
]  # fmt: skip

EXAMPLES = pd.DataFrame(
    [(name, f"{name}이 무엇인가? {ATTACK}", "validation", answers)
     for name, _, answers, _, _ in _QUESTIONS]
    + [("learnt", "가장 높은 산은?", "train", ["백두산"]), ("asked", "낙동강은?", "test", [])],
    columns=["question_id", "question", "part", "answers"],
).assign(
    title=None,
    context=None,
    answer_starts=lambda table: [[0] * len(own) for own in table["answers"]],
    kind=None,
)  # fmt: skip

GOLD = pd.DataFrame(
    [(name, gold, 0, "text") for name, gold, *_ in _QUESTIONS] + [("learnt", "p3", 0, "text")],
    columns=["question_id", "passage_id", "shift", "how"],
)
RUN = make_run({
    **{name: passages.split() for name, _, _, passages, _ in _QUESTIONS}, "asked": ["p5", "p6"],
})  # fmt: skip


def make_candidates(**changed_logits):
    """Write what was read; ``question=logits`` gives a question's spans other scores."""
    rows = [
        _candidate(name, *span, logit=changed_logits.get(name, [own[3] for own in read])[place])
        for name, _, _, _, read in _QUESTIONS
        for place, span in enumerate(own[:3] for own in read)
    ]
    rows.append(_candidate("asked", "p5", "남해", "로", logit=1.0))
    return pd.DataFrame(rows)


def _candidate(question, passage, text, particle, *, logit):
    start = _TEXTS[passage].index(text + particle)
    return {
        "question_id": question, "passage_id": passage, "is_joined": False, "start_char": start,
        "end_char": start + len(text + particle), "trimmed_start_char": start,
        "trimmed_end_char": start + len(text), "trimmed_text": text,
        "text": text + particle, "logit": logit, "passage_log_total": logit + math.log(1.25),
        "fold": 0,
    }  # fmt: skip


FIT = {
    "retrieval_weight": 1.0,
    "weight_fit": {"how": "given"},
    "trimmed": {"answers": 7, "changed": 5, "better": 2, "worse": 1, "same": 1},
}
CANDIDATES = make_candidates()
CHOICE = Choice(retrieval_weight=1.0, depth=TOP_K, trimmed=True, n_best=5)


def make_answers(candidates=CANDIDATES, choice=CHOICE):
    """Choose answers, with a confidence of half their probability; the best of all is given."""
    n_best = choose(candidates, RUN, choice)
    best = n_best[n_best["rank"] == 1].set_index("question_id")
    answers = (
        EXAMPLES[["question_id", "part"]]
        .set_index("question_id")
        .loc[lambda t: t.index != "learnt"]
    )
    answers = answers.join(best[["text", "probability", "passage_id", "start_char", "end_char"]])
    answers = answers.fillna({"text": "", "probability": 0.0, "passage_id": "", "start_char": 0,
                              "end_char": 0}).reset_index()  # fmt: skip
    ranks = RUN.set_index(["question_id", "passage_id"])["rank"]
    pairs = pd.MultiIndex.from_frame(answers[["question_id", "passage_id"]])
    return n_best, answers.assign(
        is_held_out=answers["part"] == "validation",
        is_given=answers["text"] != "",
        confidence=answers["probability"] / 2,
        title="제목",
        retrieval_weight=choice.retrieval_weight,
        passage_rank=ranks.reindex(pairs).fillna(0).to_numpy(int),
    ).astype({"start_char": int, "end_char": int})


N_BEST, ANSWERS = make_answers()


def make_questions(**changed):
    given = {"examples": EXAMPLES, "gold": GOLD, "groups": GROUPS, **changed}
    return JudgedQuestions.of_part(make_truth(**given), "validation")


def make_answered(n_best=N_BEST, answers=ANSWERS, candidates=CANDIDATES, **changed):
    params = changed.pop("params", ANSWER)
    given = {"examples": EXAMPLES, "gold": GOLD, "groups": GROUPS, **changed}
    read = {"candidates": candidates, "run": RUN, "gold_passages": given["gold"]}
    return AnsweredQuestions.of(make_truth(**given), answers, n_best, read, FIT, params)


def make_failures(answered):
    return name_failures(answered.questions, answered.scores, answered.answers, RUN, TOP_K)


def make_report(evaluation=EVALUATION, **changed):
    answered = make_answered(**changed)
    return report_answers(answered, make_failures(answered), evaluation)
