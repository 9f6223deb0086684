"""The augment pipeline on a hand-made catalog."""

import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from klue_pipeline.pipelines.augment import create_pipeline
from klue_pipeline.relation.params import AugmentParams


def test_originals_pass_through():
    originals = pd.DataFrame({"row_id": ["a", "b"], "sentence": ["가", "나"], "label": ["x", "y"]})
    catalog = DataCatalog(
        {
            "clean_sentences": MemoryDataset(originals),
            "fold_members": MemoryDataset(pd.DataFrame({"fold": [0, 1], "row_id": ["a", "b"]})),
            "params:augment": MemoryDataset(AugmentParams(methods=[])),
        }
    )
    rows = SequentialRunner().run(create_pipeline(), catalog)["training_sentences"].load()
    pd.testing.assert_frame_equal(rows[originals.columns.tolist()], originals)
    assert rows["origin_id"].tolist() == ["a", "b"]
    assert rows["method"].tolist() == ["original", "original"]
    assert rows["weight"].tolist() == [1.0, 1.0]
