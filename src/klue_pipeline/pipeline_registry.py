"""The table of contents: every pipeline by name, then the runs that are sums of them."""

from kedro.pipeline import Pipeline

from klue_pipeline.pipelines import (
    adapt,
    augment,
    bundle,
    clean,
    compose,
    eda,
    ensemble,
    errors,
    export,
    ingest,
    label_audit,
    leaderboard,
    mlflow_model,
    predict,
    predict_new,
    report,
    submissions,
    tokenize,
    train,
)
from klue_pipeline.runs import topology

RUNS: dict[topology.Kind, tuple[str, ...]] = {
    "single": (
        "ingest", "clean", "augment", "tokenize", "train", "predict", "ensemble", "report",
        "submissions", "errors", "leaderboard", "export",
    ),
    "member": (
        "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "errors",
        "leaderboard", "export",
    ),
    "composite": (
        "ingest", "clean", "compose", "ensemble", "report", "submissions", "errors", "leaderboard",
    ),
}  # fmt: skip
"""The stages of a whole run, by the kind of the experiment."""


LOOKS: dict[topology.Kind, tuple[str, ...]] = {
    "single": ("eda", "label_audit"),
    "member": ("eda", "label_audit"),
    "composite": ("label_audit",),
}
"""What looks at what a run left behind. A composite has no tokenizer for ``eda`` to count with."""


USES = {"predict_new": predict_new.create_pipeline, "mlflow_model": mlflow_model.create_pipeline}
"""What is done with an exported experiment; a composite exports none. ``mlflow_model`` is no stage
of a run because it needs MLflow, which a run does without where tracking is off."""


def register_pipelines() -> dict[str, Pipeline]:
    """Name the stages of this experiment after their folders, then add the run.

    ``adapt`` is no stage of a run: it makes an encoder that any number of experiments may use. Nor
    are the looks at data and labels: they are taken whenever somebody asks, alone or as parts of
    ``report``.
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
        "submissions": submissions.create_pipeline,
        "errors": errors.create_pipeline,
        "leaderboard": leaderboard.create_pipeline,
        "export": export.create_pipeline,
        "eda": eda.create_pipeline,
        "label_audit": label_audit.create_pipeline,
    }
    kind = topology.experiment_kind()
    chosen = {name: stages[name]() for name in RUNS[kind]}
    looks = {name: stages[name]() for name in LOOKS[kind]}
    uses = {name: create() for name, create in USES.items() if "export" in chosen}
    return {
        **chosen,
        **looks,
        **uses,
        "report": sum(looks.values(), chosen["report"]),
        "adapt": adapt.create_pipeline(),
        "bundle": bundle.create_pipeline(),
        "__default__": sum(chosen.values(), Pipeline([])),
    }
