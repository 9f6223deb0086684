"""Answer bundles as folders that are whole and unharmed."""

from typing import ClassVar

from klue_pipeline.datasets.shared.bundle_folder import BundleFolderDataset
from klue_pipeline.datasets.shared.bundle_manifest import BundleFormat
from klue_pipeline.datasets.whole.parquet import ParquetDataset
from klue_pipeline.odqa.answer_ensemble.answer_bundle import AnswerBundle, AnswerBundleDescription


class AnswerBundleDataset(BundleFolderDataset[AnswerBundle]):
    """``AnswerBundleDataset`` keeps one bundle of open-domain QA as a folder.

    The folder holds ``bundle.json``, ``n_best.parquet`` and ``answers.parquet``.

    Example usage for the YAML API:

    ```yaml
    odqa.answer_bundle:
      type: klue_pipeline.datasets.shared.answer_bundle.AnswerBundleDataset
      filepath: data/08_reporting/odqa/bundles/reader
    ```
    """

    kind = AnswerBundle
    parts: ClassVar = {
        "n_best.parquet": ("n_best", ParquetDataset),
        "answers.parquet": ("answers", ParquetDataset),
    }
    form = BundleFormat(
        name="klue_pipeline.answer_bundle",
        what="answer bundle",
        files=tuple(parts),
        description=AnswerBundleDescription,
        made_by="odqa_bundle",
    )
