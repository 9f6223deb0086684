"""What cleaning and augmentation read of experiments that were trained before.

Their scores are made by runs of their own, so the graph does not know them. Here they are looked at
once, before the run, like raw files.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.earlier_scores import earlier_experiments
from klue_pipeline.experiments import folder_name
from klue_pipeline.hooks.members import PathOf, environment_option
from klue_pipeline.lineage import Origin, OriginStore, hash_origin
from klue_pipeline.parameters import Parameters


def require_earlier(
    pipeline: Pipeline, parameters: Parameters, path_of: PathOf, run_params: Mapping[str, Any]
) -> None:
    """Refuse a run that reads scores which are not there, or which it would itself change.

    Args:
        pipeline: What this run makes.
        parameters: The checked parameters of the run.
        path_of: Where a dataset lies.
        run_params: What Kedro says about the run; its ``env`` belongs into the remedy.

    Raises:
        ValueError: The message says which experiment and what to do.
    """
    environment = environment_option(run_params)
    own = folder_name(parameters.experiment, parameters.run.name)
    for dataset, experiment in earlier_experiments(sorted(pipeline.inputs())).items():
        if experiment == own:
            raise ValueError(
                f"Experiment {own} reads its own earlier scores, which its training replaces; "
                "give it another name with --params run.name=..., or name another experiment "
                "(select.mistakes_of, clean.contradictory_duplicates.previous)."
            )
        path = path_of(dataset)
        if path is None or not path.exists():
            raise ValueError(
                f"Experiment {own} reads the out-of-fold scores of {experiment}, and there are "
                f"none at {path}. Train it first: kedro run {environment}--params "
                f"experiment={experiment}"
            )


def trace_earlier(datasets: Iterable[str], path_of: PathOf) -> dict[str, Origin]:
    """Return what results inherit from scores of earlier experiments: one hash for each.

    Args:
        datasets: Names of datasets; those that hold no such scores are left out.
        path_of: Where a dataset lies.
    """
    return {
        dataset: {f"earlier.{experiment}": _hash_stored(path_of(dataset))}
        for dataset, experiment in earlier_experiments(datasets).items()
    }


def _hash_stored(path: Path | None) -> str:
    origin = None if path is None else OriginStore().read(path)
    return "not on disk" if origin is None else hash_origin(origin)
