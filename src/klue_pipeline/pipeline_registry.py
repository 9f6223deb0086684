"""The table of contents: every pipeline by name, then the runs that are sums of them."""

from kedro.pipeline import Pipeline

from klue_pipeline.pipelines import (
    augment,
    clean,
    ensemble,
    ingest,
    predict,
    report,
    tokenize,
    train,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Name each pipeline after its folder, then add the runs."""
    stages = {
        "ingest": ingest.create_pipeline(),
        "clean": clean.create_pipeline(),
        "augment": augment.create_pipeline(),
        "tokenize": tokenize.create_pipeline(),
        "train": train.create_pipeline(),
        "predict": predict.create_pipeline(),
        "ensemble": ensemble.create_pipeline(),
        "report": report.create_pipeline(),
    }
    return {**stages, "__default__": sum(stages.values(), Pipeline([]))}
