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
    odqa_answer,
    odqa_answer_new,
    odqa_bundle,
    odqa_ensemble,
    odqa_export,
    odqa_index,
    odqa_ingest,
    odqa_mlflow_model,
    odqa_onnx,
    odqa_report,
    odqa_retrieval_report,
    odqa_retrieve,
    odqa_submissions,
    odqa_tokenize,
    odqa_train,
    odqa_train_retriever,
    odqa_tune,
    onnx,
    predict,
    predict_new,
    report,
    submissions,
    tokenize,
    train,
    tune,
)
from klue_pipeline.pipelines.stage import as_stage
from klue_pipeline.runs import topology

RUNS: dict[topology.Kind, tuple[str, ...]] = {
    "single": (
        "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "ensemble",
        "submissions", "errors", "leaderboard", "export",
    ),
    "member": (
        "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "errors",
        "leaderboard", "export",
    ),
    "composite": (
        "ingest", "clean", "compose", "report", "ensemble", "submissions", "errors", "leaderboard",
    ),
}  # fmt: skip
"""The stages of a whole run, by the kind of the experiment."""


LOOKS: dict[topology.Kind, tuple[str, ...]] = {
    "single": ("eda", "label_audit"),
    "member": ("eda", "label_audit"),
    "composite": ("label_audit",),
}
"""What looks at what a run left behind. A composite has no tokenizer for ``eda`` to count with."""


USES: dict[topology.Kind, tuple[str, ...]] = {
    "single": ("tune", "predict_new", "mlflow_model", "onnx", "adapt", "bundle"),
    "member": ("tune", "predict_new", "mlflow_model", "onnx", "adapt", "bundle"),
    "composite": ("adapt", "bundle"),
}
"""What is made for other uses. ``predict_new``, ``mlflow_model`` and ``onnx`` take an exported
experiment, and a composite exports none; ``mlflow_model`` needs MLflow, which a run does without
where tracking is off, and ``onnx`` an extra. ``adapt`` makes an encoder that any number of
experiments may use."""


ODQA_RETRIEVAL = (
    "odqa_ingest", "odqa_index", "odqa_train_retriever", "odqa_retrieve", "odqa_retrieval_report",
)  # fmt: skip
"""The stages of open-domain QA whose sum is the run ``odqa_retrieval``."""


ODQA = (
    *ODQA_RETRIEVAL, "odqa_tokenize", "odqa_train", "odqa_answer", "odqa_report", "odqa_export",
)  # fmt: skip
"""Those whose sum is the whole job ``odqa``."""


ODQA_USES = (
    "odqa_tune", "odqa_ensemble", "odqa_submissions", "odqa_bundle", "odqa_answer_new",
    "odqa_mlflow_model", "odqa_onnx",
)  # fmt: skip
"""What searches for settings of open-domain QA, joins its experiments, or is made of one for other
uses."""


_STAGES = {
    "ingest": ingest, "clean": clean, "augment": augment, "tokenize": tokenize, "train": train,
    "predict": predict, "compose": compose, "ensemble": ensemble, "report": report,
    "submissions": submissions, "errors": errors, "leaderboard": leaderboard, "export": export,
    "eda": eda, "label_audit": label_audit, "predict_new": predict_new,
    "tune": tune, "mlflow_model": mlflow_model, "onnx": onnx, "adapt": adapt,
    "bundle": bundle,
    "odqa_ingest": odqa_ingest,
    "odqa_index": odqa_index, "odqa_train_retriever": odqa_train_retriever,
    "odqa_retrieve": odqa_retrieve, "odqa_retrieval_report": odqa_retrieval_report,
    "odqa_tokenize": odqa_tokenize, "odqa_train": odqa_train, "odqa_answer": odqa_answer,
    "odqa_report": odqa_report, "odqa_export": odqa_export, "odqa_ensemble": odqa_ensemble,
    "odqa_tune": odqa_tune, "odqa_submissions": odqa_submissions, "odqa_bundle": odqa_bundle,
    "odqa_answer_new": odqa_answer_new, "odqa_mlflow_model": odqa_mlflow_model,
    "odqa_onnx": odqa_onnx,
}  # fmt: skip


def register_pipelines() -> dict[str, Pipeline]:
    """Name the stages of this experiment after their folders, then add the run.

    Looks at data and labels and what is made for other uses are no parts of a run: they are taken
    whenever somebody asks. Open-domain QA is a job of its own.
    """
    kind = topology.experiment_kind()
    chosen = {name: _make(name) for name in RUNS[kind] if _has_nodes(name)}
    others = {name: _make(name) for name in (*LOOKS[kind], *USES[kind], *ODQA_USES)}
    odqa = {name: _make(name) for name in ODQA if _has_nodes(name)}
    retrieval = [odqa[name] for name in ODQA_RETRIEVAL if name in odqa]
    sums = {
        "odqa_retrieval": sum(retrieval, Pipeline([])),
        "odqa": sum(odqa.values(), Pipeline([])),
        "__default__": sum(chosen.values(), Pipeline([])),
    }
    return {**chosen, **others, **odqa, **sums}


def _has_nodes(stage: str) -> bool:
    """Tell whether there is something to do.

    Most experiments train no retriever, and one that keeps no weights exports none.
    """
    if stage in ("export", "odqa_export"):
        return topology.exports(stage.removesuffix("export").rstrip("_"))
    return stage != "odqa_train_retriever" or topology.retrieval().trains


def _make(stage: str) -> Pipeline:
    return as_stage(stage, _STAGES[stage].create_pipeline())
