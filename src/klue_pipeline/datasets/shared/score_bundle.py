"""Score bundles as folders that are whole and unharmed."""

from typing import ClassVar

from klue_pipeline.datasets.shared.bundle_folder import BundleFolderDataset
from klue_pipeline.datasets.shared.bundle_manifest import BundleFormat
from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.evaluation.score_bundles import BundleDescription, ScoreBundle


class ScoreBundleDataset(BundleFolderDataset[ScoreBundle]):
    """``ScoreBundleDataset`` keeps one bundle of relation extraction as a folder.

    The folder holds ``bundle.json``, ``out_of_fold.parquet`` and ``test_scores.parquet``.

    Example usage for the YAML API:

    ```yaml
    score_bundle:
      type: klue_pipeline.datasets.shared.score_bundle.ScoreBundleDataset
      filepath: data/08_reporting/bundles/baseline
    ```
    """

    kind = ScoreBundle
    parts: ClassVar = {
        "out_of_fold.parquet": ("out_of_fold", ScoreTableDataset),
        "test_scores.parquet": ("test_scores", ScoreTableDataset),
    }
    form = BundleFormat(
        name="klue_pipeline.score_bundle",
        what="score bundle",
        files=tuple(parts),
        description=BundleDescription,
        made_by="bundle",
    )
