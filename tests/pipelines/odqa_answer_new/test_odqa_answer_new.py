"""The odqa_answer_new pipeline on a hand-made catalog: a file of questions, a tiny answerer."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from klue_pipeline.datasets.inputs.raw_questions import RawQuestionsDataset
from klue_pipeline.datasets.tables.predictions import NewAnswersDataset
from klue_pipeline.odqa.settings.export_params import AnswerNewParams
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.pipelines.odqa_answer_new import create_pipeline

QUESTION = "이순신이 이끈 것은 무엇입니까?"


@pytest.fixture
def run(exported_answerer, reader_training, tmp_path):
    """Run the pipeline on a file, and return answers and their folder."""

    def run_pipeline(source):
        answers = NewAnswersDataset(filepath=str(tmp_path / "out"), source=source)
        params = AnswerNewParams(contexts="read", output_format="csv", with_text=True, chunk_rows=2)
        ingest = OdqaIngestParams(format="auto", max_rejected_share=0, seed=1)
        catalog = DataCatalog(
            {
                "odqa.new_questions": RawQuestionsDataset(source=source, setting="odqa.questions"),
                "odqa.trained_answerer": MemoryDataset(exported_answerer),
                "odqa.new_answers": answers,
                "params:odqa.answer_new": MemoryDataset(params),
                "params:odqa.ingest": MemoryDataset(ingest),
                "params:odqa.training": MemoryDataset(reader_training()),
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return answers.load(), tmp_path / "out/새"

    return run_pipeline


def test_answers_are_those_of_the_answerer(run, answerer, tmp_path):
    (tmp_path / "새.txt").write_text(f"{QUESTION}\n서울이 이끈 것은?\n", encoding="utf-8-sig")
    answers, folder = run(str(tmp_path / "새.txt"))
    said = answerer([QUESTION, "서울이 이끈 것은?"])
    assert answers["answer"].tolist() == [each.answer for each in said]
    assert answers["question_id"].tolist() == ["question_1", "question_2"]
    wanted = [each.confidence for each in said]
    assert answers["confidence"].to_numpy() == pytest.approx(wanted, rel=1e-4)
    assert {path.name for path in folder.iterdir()} == {
        "answers.csv", "rejected_rows.csv", "input.json"
    }  # fmt: skip


def test_no_file_says_what_to_name(run):
    with pytest.raises(ValueError, match=r"nothing to answer.*--params odqa\.questions=<file>"):
        run(None)
