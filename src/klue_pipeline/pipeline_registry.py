"""The table of contents: every pipeline by name, then the runs that are sums of them."""

from kedro.pipeline import Pipeline

from klue_pipeline import topology
from klue_pipeline.pipelines import (
    adapt,
    augment,
    clean,
    compose,
    eda,
    ensemble,
    ingest,
    label_audit,
    predict,
    report,
    tokenize,
    train,
)

RUNS: dict[topology.Kind, tuple[str, ...]] = {
    "single": (
        "ingest", "clean", "augment", "tokenize", "train", "predict", "ensemble", "report",
    ),
    "member": ("ingest", "clean", "augment", "tokenize", "train", "predict", "report"),
    "composite": ("ingest", "clean", "compose", "ensemble", "report"),
}  # fmt: skip
"""The stages of a whole run, by the kind of the experiment."""


def register_pipelines() -> dict[str, Pipeline]:
    """Name the stages of this experiment after their folders, then add the run.

    ``adapt`` is no stage of a run: it makes an encoder that any number of experiments may use. Nor
    are ``eda`` and ``label_audit``: they look at what a run left behind, whenever somebody asks,
    alone or as parts of ``report``.
    """
    stages = {
        "ingest": ingest.create_pipeline,
        "clean": clean.create_pipeline,
        "augment": augment.create_pipeline,
        "tokenize": tokenize.create_pipeline,
        "train": train.create_pipeline,
        "predict": predict.create_pipeline,
        "compose": compose.create_pipeline,
        "ensemble": ensemble.create_pipeline,
        "report": report.create_pipeline,
    }
    chosen = {name: stages[name]() for name in RUNS[topology.experiment_kind()]}
    looks = {"eda": eda.create_pipeline(), "label_audit": label_audit.create_pipeline()}
    whole_run = sum(chosen.values(), Pipeline([]))
    return {
        **chosen,
        **looks,
        "report": sum(looks.values(), chosen["report"]),
        "adapt": adapt.create_pipeline(),
        "__default__": whole_run,
    }
