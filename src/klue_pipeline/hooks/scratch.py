"""The hook that removes a fold's resume state once its model is stored."""

import contextlib
import shutil
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_names import in_fold, parse_fold


class ScratchHooks:
    """Remove the scratch folder of a fold when the last output of its training is on disk."""

    def __init__(self) -> None:
        self._catalog: Any = None

    @hook_impl
    def after_catalog_created(self, catalog: Any) -> None:
        """Remember the catalog, which knows where the workspaces are."""
        self._catalog = catalog

    @hook_impl
    def before_node_run(self, catalog: Any) -> None:
        """Remember the catalog in a worker too, which sees it here first."""
        self._catalog = catalog

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Remove ``fold_k``'s scratch folder after ``fold_k.model``, the node's last output."""
        part = parse_fold(dataset_name)
        if part is not None and part.name == "model" and self._catalog is not None:
            folder = self._catalog.load(in_fold(part.fold, "workspace", part.task)).folder
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another fold's state is in it
                folder.parent.rmdir()

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Remove what stayed behind because a run was killed just after it stored a model."""
        for name in pipeline.all_outputs():
            self.after_dataset_saved(name)
