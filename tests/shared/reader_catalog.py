"""A hand-made catalog from which a reader is made: rivers, and what is asked about them."""

from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog
from tiny_readers import READER, TRAINING

from klue_pipeline.odqa.ingest.schema import Questions
from klue_pipeline.odqa.settings.reader_params import (
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)

SCRATCH = {
    "vocabulary_size": 300, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 16, "max_positions": 64,
}  # fmt: skip
RIVERS = ("한강", "금강", "섬진강", "낙동강", "영산강", "임진강", "만경강", "동진강", "형산강",
          "태화강", "안성천", "두만강")  # fmt: skip
SEAS = ("서해", "남해", "동해")
PARTS = ["train"] * 9 + ["validation"] * 2 + ["test"]
TEXTS = [
    f"{river}은 산에서 시작한다. 길이는 {number + 40}km이고 {SEAS[number % 3]} 쪽으로 흐른다."
    for number, river in enumerate(RIVERS)
]
PASSAGES = pd.DataFrame(
    {"passage_id": [f"p{number}" for number in range(12)], "title": RIVERS, "text": TEXTS}
)
EXAMPLES = Questions.validate(
    pd.DataFrame(
        {
            "question_id": [f"q{number}" for number in range(12)],
            "question": [f"{river}은 어디로 흐르나?" for river in RIVERS],
            "part": PARTS,
            "title": RIVERS,
            "context": [*TEXTS[:11], None],
            "answers": [[SEAS[number % 3]] for number in range(11)] + [[]],
            "answer_starts": [[TEXTS[n].index(SEAS[n % 3])] for n in range(11)] + [[]],
            "kind": None,
        }
    )
)
GOLD = pd.DataFrame(
    {"question_id": [f"q{n}" for n in range(11)], "passage_id": [f"p{n}" for n in range(11)]}
).assign(shift=0, how="text")
RUN = pd.DataFrame(
    [
        (f"q{n}", f"p{(n + step) % 12}", step + 1, 3.0 - step)
        for n in range(12)
        for step in range(3)
    ],
    columns=["question_id", "passage_id", "rank", "score"],
)
"""The gold passage of each question, then two of other rivers."""


def make_reader_catalog(folder: Path, *, strategy="holdout", n_splits=1, **reader) -> DataCatalog:
    """Declare what odqa_tokenize and odqa_train make, as conf/base does, and hand in the rest."""
    datasets = "klue_pipeline.datasets"
    made = {
        "odqa.fold_members": {
            "type": f"{datasets}.whole.parquet.ParquetDataset",
            "filepath": str(folder / "fold_members.parquet"),
            "validator": "klue_pipeline.training.splitting.fold_members.FoldMembers",
        },
        "odqa.reader_examples": {
            "type": f"{datasets}.whole.parquet.ParquetDataset",
            "filepath": str(folder / "reader_examples.parquet"),
            "validator": "klue_pipeline.odqa.encoding.schema.ReaderExamples",
        },
        "odqa.reader_tokenizer": {
            "type": f"{datasets}.models.tokenizer.TokenizerDataset",
            "filepath": str(folder / "tokenizer"),
        },
        "odqa.reader_features": {
            "type": f"{datasets}.tables.reader_features.ReaderFeaturesDataset",
            "filepath": str(folder / "reader_features.arrow"),
        },
        "odqa.fold_{number}.workspace": {
            "type": f"{datasets}.models.workspace.FoldWorkspaceDataset",
            "number": "{number}",
            "filepath": str(folder / ".scratch/fold_{number}"),
        },
        "odqa.fold_{number}.model": {
            "type": f"{datasets}.models.checkpoint.CheckpointDataset",
            "filepath": str(folder / "fold_{number}"),
        },
    }
    given = {
        "odqa.examples": EXAMPLES,
        "odqa.passages": PASSAGES,
        "odqa.gold_passages": GOLD,
        "odqa.passage_groups": PASSAGES[["passage_id"]].assign(group_id=PASSAGES["passage_id"]),
        "odqa.run": RUN,
        "params:odqa.folds": ReaderFoldsParams(
            strategy=strategy, n_splits=n_splits, validation_share=0.25, seed=1
        ),
        "params:odqa.reader": ReaderParams(**{**READER, "scratch": SCRATCH, **reader}),
        "params:odqa.augment": QuestionAugmentParams(
            methods=[], random_flip={"share": 1}, question_mask={"share": 1, "max_words": 1}, seed=1
        ),
        "params:odqa.head": ReaderHeadParams(name="linear", dropout=0.0),
        "params:odqa.training": ReaderTrainingParams(**TRAINING),
        "params:odqa.training.max_tokens": TRAINING["max_tokens"],
        "params:odqa.answer.max_answer_tokens": 8,
    }
    catalog = DataCatalog.from_config(made)
    for name, value in given.items():
        catalog[name] = value
    return catalog
