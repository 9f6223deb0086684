"""An exported experiment as a Python function, over tiny random readers."""

import copy
import dataclasses
import shutil
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
import torch
from tiny_answerers import FIT, TOP_K, WEIGHTS

import klue_pipeline
from klue_pipeline.odqa.inference import readers as readers_module
from klue_pipeline.odqa.inference.answer_prediction import AnswerPrediction
from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
from klue_pipeline.odqa.reader.reader_model import ReaderModel

QUESTION = "이순신이 이끈 것은 무엇입니까?"
CONTEXT = "조선의 수군은 이순신이 이끌었다."
NOWHERE = "zzz"
"""Shares nothing with any passage; the retriever of vectors finds passages for it all the same."""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Keep tiny matrices on one thread."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def questions(tiny_questions):
    return tiny_questions["question"].tolist()


def close(one, other, rel=1e-6):
    """Say whether two answers are the same but for rounding."""
    assert [each.text for each in one.n_best] == [each.text for each in other.n_best]
    assert (one.confidence is None) == (other.confidence is None)
    numbers = [(each.probability, each.confidence or 0.0) for each in (one, other)]
    assert numbers[0] == pytest.approx(numbers[1], rel=rel)
    changes = {"probability": 0.0, "confidence": 0.0, "n_best": ()}
    assert dataclasses.replace(one, **changes) == dataclasses.replace(other, **changes)


def answer_by_the_run(world, questions, answer):
    """What the pipeline makes of test questions: the reference for everything here."""
    from klue_pipeline.odqa.answering.answers import answer_questions
    from klue_pipeline.odqa.answering.asked_questions import AskedQuestions
    from klue_pipeline.odqa.answering.collecting import collect
    from klue_pipeline.odqa.fusion.fusing import fuse
    from klue_pipeline.odqa.reader.fold_reading import FoldReading
    from klue_pipeline.odqa.reader.reading_plan import plan_reading
    from klue_pipeline.odqa.reader.window_reading import SpanRules
    from klue_pipeline.odqa.settings.retriever_params import FusionParams

    fusion = FusionParams(name="weighted", normalise="z_score", weights=WEIGHTS)
    examples = questions.assign(part="test")
    gold = pd.DataFrame(columns=["question_id", "passage_id", "shift", "how"])
    groups = pd.DataFrame({"passage_id": [], "group_id": []})
    runs = {name: index.search(examples, TOP_K) for name, index in world.indexes.items()}
    run, _ = fuse(runs, fusion, examples, gold, groups, TOP_K)
    plan = plan_reading(examples["question_id"], run, gold, answer.top_k, answer.passages)
    rules = SpanRules(answer.span_score, answer.max_answer_tokens, answer.n_best)
    texts = (examples.set_index("question_id")["question"],
             world.passages.set_index("passage_id")["text"])  # fmt: skip
    training = readers_training()
    tables = {
        fold: pd.concat(FoldReading(folder, plan, *texts, training, rules))
        for fold, folder in enumerate(world.checkpoints.values())
    }
    asked = AskedQuestions(examples, gold, groups, pd.Series([], dtype="str"))
    candidates = collect(world.passages, tables)
    return answer_questions(candidates, run, world.passages, asked, answer)


def readers_training():
    from tiny_readers import TRAINING

    from klue_pipeline.odqa.settings.reader_params import ReaderTrainingParams

    return ReaderTrainingParams(**TRAINING)


@pytest.mark.parametrize("changes", [{}, {"passages": "joined", "trim_josa": False}], ids=str)
def test_answers_are_those_of_the_run(
    tiny_answerer, tiny_questions, load_answerer, tmp_path, changes
):
    folder = tiny_answerer.export(tmp_path / "exported", answer=changes)
    loaded = load_answerer(folder)
    n_best, answers, _ = answer_by_the_run(tiny_answerer, tiny_questions, loaded.settings.answer)
    found = loaded(tiny_questions["question"].tolist(), top=5)
    assert len({each.answer for each in found}) > 2
    for said, wanted in zip(found, answers.itertuples(), strict=True):
        own = n_best[n_best["question_id"] == wanted.question_id]
        assert said.answer == said.best_guess == wanted.text
        places = ("title", "passage_id", "start_char", "end_char")
        assert [getattr(said, name) for name in places] == [
            getattr(wanted, name) for name in places
        ]
        assert said.probability == pytest.approx(wanted.probability, rel=1e-4)
        assert [each.text for each in said.n_best] == own["text"].tolist()
        shares = [each.probability for each in said.n_best]
        assert shares == pytest.approx(own["probability"].tolist(), rel=1e-4)


def test_an_answer_stands_at_its_place(answerer, tiny_passages, questions):
    texts = tiny_passages.set_index("passage_id")["text"]
    titles = tiny_passages.set_index("passage_id")["title"]
    for said in answerer(questions, top=3):
        assert said.passage == texts[said.passage_id]
        assert said.passage[said.start_char : said.end_char] == said.answer
        assert said.n_best[0].text == said.answer
        for each in said.n_best:
            assert texts[each.passage_id][each.start_char : each.end_char] == each.text
            assert each.title == titles[each.passage_id]
    [one] = answerer([QUESTION])
    assert len(one.n_best) == 1
    assert len(answerer(QUESTION, top=99).n_best) == 5


def test_a_question_gets_the_same_alone_in_small_batches_and_from_threads(
    answerer, exported_answerer, load_answerer, questions
):
    contexts = [None, CONTEXT] * 5
    whole = answerer(questions, context=contexts)
    with ThreadPoolExecutor(8) as pool:
        pairs = list(zip(questions, contexts, strict=True)) * 2
        alone = list(pool.map(lambda pair: answerer(pair[0], context=pair[1]), pairs))
        with_more = list(pool.map(lambda top: answerer(QUESTION, top=top), [1, 3, 2, 3]))
    in_small_batches = load_answerer(exported_answerer, batch_size=2)(questions, context=contexts)
    for number, said in enumerate([*alone, *in_small_batches]):
        close(said, whole[number % 10], rel=1e-3)
    assert [len(said.n_best) for said in with_more] == [1, 3, 2, 3]


def test_threads_use_a_tokenizer_in_turn_and_models_side_by_side(
    exported_answerer, load_answerer, monkeypatch
):
    answerer = load_answerer(exported_answerer, rows_together=0)
    inside, most, all_are_in = [], [], threading.Barrier(4, timeout=60)

    def encode(*args):
        inside.append(1)
        most.append(len(inside))
        windows = encode_windows(*args)
        inside.pop()
        return windows

    def read(*args, **kwargs):
        all_are_in.wait()  # breaks unless all four come this far together
        return read_encoded(*args, **kwargs)

    encode_windows, read_encoded = readers_module.encode_windows, readers_module.read_encoded
    monkeypatch.setattr(readers_module, "encode_windows", encode)
    monkeypatch.setattr(readers_module, "read_encoded", read)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(answerer, QUESTION, context=CONTEXT) for _ in range(4)]
    assert len({call.result().answer for call in calls}) == 1
    assert most == [1] * 4


def test_one_question_gives_one_answer_a_list_a_list(answerer):
    one, [same] = answerer(QUESTION), answerer([QUESTION])
    assert isinstance(one, AnswerPrediction)
    assert one == same == copy.deepcopy(one)
    assert answerer([]) == []
    with pytest.raises(AttributeError):
        one.answer = "다른 답"


def test_a_context_is_read_alone_and_places_count_in_it_as_it_was_given(answerer):
    said = answerer(QUESTION, context=CONTEXT, top=3)
    assert (said.passage, said.title, said.passage_id) == (CONTEXT, "", "")
    assert CONTEXT[said.start_char : said.end_char] == said.answer
    assert said.confidence is None
    decomposed = "\u1109\u1165\u110b\u116e\u11af " + CONTEXT
    moved = answerer(QUESTION, context=decomposed, top=3)
    composed = answerer(QUESTION, context="서울 " + CONTEXT, top=3)
    for one, other in zip(moved.n_best, composed.n_best, strict=True):
        assert one.text == other.text
        cut = composed_form(decomposed[one.start_char : one.end_char])
        assert cut == other.text
    assert moved.passage == decomposed


def composed_form(text):
    return unicodedata.normalize("NFC", text)


def test_every_context_is_its_own_passage(answerer):
    contexts = [CONTEXT, "서울은 수도다.", None]
    found = answerer([QUESTION] * 3, context=contexts)
    assert [each.passage for each in found[:2]] == contexts[:2]
    for said, context in zip(found, contexts, strict=True):
        close(said, answerer(QUESTION, context=context), rel=1e-3)


def test_a_context_without_a_character_to_answer_with_has_no_answer(answerer):
    said = answerer(QUESTION, context="\u200b")
    assert (said.answer, said.best_guess, said.n_best) == (None, "", ())


def test_a_confidence_below_the_threshold_keeps_the_answer_back(
    tiny_answerer, load_answerer, tmp_path, answerer, questions
):
    sure = sorted(each.confidence for each in answerer(questions))
    assert 0 < sure[0] < sure[-1] < 1
    threshold = sum(sure[4:6]) / 2
    folder = tiny_answerer.export(tmp_path / "exported", answer={"abstain_below": threshold})
    found = load_answerer(folder)(questions)
    assert sum(each.answer is None for each in found) == 5
    for said, given in zip(found, answerer(questions), strict=True):
        assert (said.answer is None) == (said.confidence < threshold)
        assert said.best_guess == given.answer
    assert load_answerer(folder)(QUESTION, context=CONTEXT).answer  # nothing was calibrated for it


def test_without_calibration_every_answer_is_given(tiny_answerer, load_answerer, tmp_path):
    fit = {**FIT, "calibration": None}
    folder = tiny_answerer.export(tmp_path / "e", answer={"abstain_below": 0.9}, fit=fit)
    said = load_answerer(folder)(QUESTION)
    assert said.confidence is None
    assert said.answer == said.best_guess != ""


def test_a_question_for_which_nothing_is_found_has_no_answer(
    tiny_answerer, load_answerer, tmp_path
):
    world = dataclasses.replace(tiny_answerer, indexes={"bm25": tiny_answerer.indexes["bm25"]})
    loaded = load_answerer(world.export(tmp_path / "exported"))
    nothing, found = loaded([NOWHERE, QUESTION])
    assert (nothing.answer, nothing.best_guess, nothing.probability) == (None, "", 0.0)
    assert (nothing.confidence, nothing.n_best) == (0.0, ())
    close(found, loaded(QUESTION))
    assert loaded(NOWHERE) == nothing


def test_without_an_index_there_are_answers_from_contexts_alone(
    tiny_answerer, load_answerer, tmp_path, answerer
):
    loaded = load_answerer(tiny_answerer.export(tmp_path / "exported", search=False))
    close(loaded(QUESTION, context=CONTEXT), answerer(QUESTION, context=CONTEXT))
    with pytest.raises(ValueError, match=r"question 1, counted from 0, has none: retriever extern"):
        loaded([QUESTION] * 2, context=[CONTEXT, None])
    assert "searches=False" in repr(loaded)


def test_models_stay_in_float32_and_evaluation_mode(exported_answerer, load_answerer, answerer):
    loaded = load_answerer(exported_answerer, precision="bf16")
    assert loaded(QUESTION).probability == pytest.approx(answerer(QUESTION).probability, abs=0.2)
    for model in loaded._answering.readers.models.values():
        assert not any(module.training for module in model.modules())
        assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    for part in ("exported", "readers=2", "searches=True", "device=cpu", "precision=bf16"):
        assert part in repr(loaded)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"precision": "fp8"}, "precision is 'fp8'; wanted one of"),
        ({"precision": "fp16"}, r"^precision=fp16 needs a GPU"),
        ({"device": "cuda:99"}, "^device is cuda:99, but PyTorch sees"),
        ({"batch_size": 0}, "batch_size is 0; at least 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(exported_answerer, load_answerer, settings, problem):
    with pytest.raises(ValueError, match=problem):
        load_answerer(exported_answerer, **settings)


def test_top_below_one_is_refused(answerer):
    with pytest.raises(ValueError, match="top is 0; at least 1 answer"):
        answerer(QUESTION, top=0)


def test_faults_of_the_model_are_no_fault_of_the_question(answerer, monkeypatch):
    def greedy(self, **batch):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ReaderModel, "forward", greedy)
    with pytest.raises(RuntimeError, match="batch_size=16; load the answerer with a smaller"):
        answerer(QUESTION)
    monkeypatch.setattr(ReaderModel, "forward", lambda self, input_ids, **_: torch.full(
        (*input_ids.shape, 2), torch.nan))  # fmt: skip
    with pytest.raises(RuntimeError, match="are not finite"):
        answerer(QUESTION)


def test_a_folder_that_is_none_of_an_answerer_says_so(tmp_path, exported_answerer):
    with pytest.raises(FileNotFoundError, match=r"no folder klue/reader .*hub"):
        QuestionAnswerer.from_pretrained("klue/reader")
    with pytest.raises(FileNotFoundError, match=r"answering\.json is missing.*odqa_export"):
        QuestionAnswerer.from_pretrained(tmp_path)
    shutil.copytree(exported_answerer, tmp_path / "old")
    path = tmp_path / "old/answering/answering.json"
    path.write_text(path.read_text("utf-8").replace('"no_search"', '"why"'), encoding="utf-8")
    (tmp_path / "old/export.json").unlink()
    with pytest.raises(ValueError, match=r"answering\.json does not fit: .*no_search"):
        QuestionAnswerer.from_pretrained(tmp_path / "old")


def test_the_package_offers_it():
    assert klue_pipeline.QuestionAnswerer is QuestionAnswerer
    assert klue_pipeline.AnswerPrediction is AnswerPrediction
