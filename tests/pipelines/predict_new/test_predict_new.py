"""The predict_new pipeline on a hand-made catalog: a file of new rows, two tiny models."""

import json
import shutil

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from klue_pipeline.datasets.inputs.new_rows import NewRowsDataset
from klue_pipeline.datasets.tables.predictions import PredictionsDataset
from klue_pipeline.pipelines.predict_new import create_pipeline
from klue_pipeline.relation.inference.classifier import RelationClassifier
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.relation.settings.params import IngestParams
from klue_pipeline.training.params import TrainingParams

TRAINING = TrainingParams(
    epochs=1, learning_rate=0.01, batch_size=6, evaluation_batch_size=16, accumulation_steps=1,
    max_tokens=40, weight_decay=0.0, adam_beta1=0.9, adam_beta2=0.999, adam_epsilon=1e-8,
    schedule="constant", warmup_share=0.0, precision="fp32", device="cpu", seed=7,
    group_by_length=True, compile=False, log_every_steps=1, select_by="loss",
)  # fmt: skip
INGEST = IngestParams(format="auto", label_set="auto", max_rejected_share=0, seed=1)
LINES = [
    "이순신은 조선의 무신이다.,이순신,조선\n",
    "조선의 이순신이다.,이순신,조선\n",
    "가 나,가,다\n",
]
TABLE = "sentence,subject,object\n" + "".join(LINES)


@pytest.fixture
def exported(relation_checkpoints, tmp_path):
    return shutil.copytree(relation_checkpoints, tmp_path / "exported")


@pytest.fixture
def run(tmp_path, exported):
    """Run the pipeline on three rows, or on a text, and return predictions and their folder."""

    def run_pipeline(text=TABLE, **settings):
        source = tmp_path / "새.csv"
        source.write_text(text, encoding="utf-8-sig")
        usual = {"input": str(source), "format": "auto", "ends": None, "folds": None}
        usual |= {"output_format": "parquet", "with_text": False, "chunk_rows": 1}
        predictions = PredictionsDataset(filepath=str(tmp_path / "out"), source=str(source))
        catalog = DataCatalog(
            {
                "new_rows": NewRowsDataset(source=str(source)),
                "trained_classifier": MemoryDataset(exported),
                "new_predictions": predictions,
                "params:predict": MemoryDataset(PredictParams(**usual | settings)),
                "params:ingest": MemoryDataset(INGEST),
                "params:training": MemoryDataset(TRAINING),
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return predictions.load(), tmp_path / "out" / "새"

    return run_pipeline


def asked(folders):
    classifier = RelationClassifier.from_pretrained(folders, device="cpu", precision="fp32")
    sentences = [line.split(",")[0] for line in LINES[:2]]
    return classifier(sentences, subject=["이순신"] * 2, object=["조선"] * 2)


def test_predictions_are_those_of_the_classifier(run, relation_checkpoints):
    predictions, folder = run()
    told = asked(relation_checkpoints)
    assert predictions["label"].tolist() == [each.label for each in told]
    wanted = [each.probability for each in told]
    assert predictions["probability"].to_numpy() == pytest.approx(wanted, rel=1e-5)
    assert predictions["row_number"].tolist() == [1, 2]
    assert "'다' is not in the sentence" in (folder / "rejected_rows.csv").read_text("utf-8-sig")


def test_columns_may_be_nested_as_in_training(run, relation_checkpoints):
    rows = [
        {"text": "이순신은 조선의 무신이다.", "h": {"pos": [0, 3]}, "t": {"pos": [5, 7]}},
        {"text": "조선의 이순신이다.", "h": {"pos": [4, 7]}, "t": {"pos": [0, 2]}},
        {"text": "조선의 이순신이다.", "h": None, "t": {"pos": [0, 2]}},
    ]
    columns = {"sentence": "text", "subject": "h.pos", "object": "t.pos"}
    predictions, folder = run("".join(f"{json.dumps(row)}\n" for row in rows), columns=columns)
    wanted = [each.probability for each in asked(relation_checkpoints)]
    assert predictions["probability"].to_numpy() == pytest.approx(wanted, rel=1e-5)
    assert "3,row_3,missing value,no subject" in (folder / "rejected_rows.csv").read_text(
        "utf-8-sig"
    )


def test_one_fold_may_be_asked_alone(run, relation_checkpoints):
    predictions, _ = run(folds=[1])
    told = asked(relation_checkpoints / "fold_1")
    wanted = [each.probability for each in told]
    assert predictions["probability"].to_numpy() == pytest.approx(wanted, rel=1e-5)


def test_what_learnt_from_all_rows_may_be_asked(run, exported, relation_checkpoints):
    with pytest.raises(ValueError, match=r"use is refit, but the exported model has folds only"):
        run(use="refit")
    shutil.copytree(relation_checkpoints / "fold_1", exported / "refit")
    predictions, _ = run(use="refit")
    wanted = [each.probability for each in asked(relation_checkpoints / "fold_1")]
    assert predictions["probability"].to_numpy() == pytest.approx(wanted, rel=1e-5)
    with pytest.raises(ValueError, match=r"use is refit, which is of no fold; found folds=\[0\]"):
        run(use="refit", folds=[0])


def test_a_fold_that_is_not_there_names_those_that_are(run):
    with pytest.raises(ValueError, match=r"predict.folds is \[9\], but .* has fold_0, fold_1"):
        run(folds=[9])
