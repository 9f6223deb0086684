"""Runners for ``kedro run --runner``: processes of this machine, or workers of a Dask cluster."""

from klue_pipeline.runners.dask_runner import DaskRunner
from klue_pipeline.runners.parallel_runner import ParallelRunner

__all__ = ["DaskRunner", "ParallelRunner"]
