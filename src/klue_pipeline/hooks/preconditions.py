"""The hook that asks, before anything is made, whether this machine can do what a run is to do.

What it asks for is asked again where it is used: a node may run without a command.
"""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.odqa.settings.odqa_params import OdqaParams
from klue_pipeline.odqa.settings.retriever_params import RetrieverTrainingParams
from klue_pipeline.odqa.tuning import searched
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.runs.parameters import ODQA
from klue_pipeline.runs.tuning.trial_settings import SEARCHED_GROUPS, as_written, require_space
from klue_pipeline.training.params import EncoderParams, TrainingParams
from klue_pipeline.training.pretraining.adapt_params import AdaptParams
from klue_pipeline.training.tuning.tune_params import TuneParams

_SCRATCH, _TAUGHT = "scratch", "distillation"
_ENCODER, _TRAINING, _ADAPT = "params:encoder", "params:training", "params:adapt"
_ODQA_ENCODER, _ODQA_TRAINING = "params:odqa.encoder", "params:odqa.retriever_training"
_TUNE, _ODQA_TUNE = "params:tune", "params:odqa.tune"
_OF_MODELS = {
    _ENCODER, _TRAINING, _ADAPT, "params:composite", _ODQA_ENCODER, _ODQA_TRAINING, _ODQA_TUNE,
}  # fmt: skip
_OF_WHAT_LEARNS = {"params:loss", "params:composite", _ADAPT, _ODQA_TRAINING}
"""Settings that only nodes read which draw random numbers."""


class PreconditionHooks:
    """Refuse a run for which the runner, the device or the encoder is not there."""

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Look at the settings of the nodes that are going to run.

        Raises:
            ValueError: The machine has no such device, nothing usable is where the encoder should
                be, a training was to run in a thread, or a search names settings that there are
                not.
        """
        nodes = _nodes_to_run(pipeline, catalog, resumed=run_params["only_missing_outputs"])
        runner = str(run_params.get("runner"))
        _require_processes(runner, nodes)
        read = {name for node in nodes for name in node.inputs}
        models: dict[str, type[TrainingParams]] = {
            _TRAINING: RelationTrainingParams,
            _ODQA_TRAINING: RetrieverTrainingParams,
        }
        for name, model in models.items():
            if name in read:
                training = model.model_validate(catalog.load(name))
                _require_device(training, name.removeprefix("params:"), runner)
        for name in (_ENCODER, _ODQA_ENCODER):
            if name in read:
                encoder = EncoderParams.model_validate(catalog.load(name))
                _require_encoder(encoder, f"{name.removeprefix('params:')}.name")
        if _TUNE in read:
            _require_space(catalog)
        if _ODQA_TUNE in read:
            _require_odqa_space(catalog)
        if _ADAPT in read:
            adapt = AdaptParams.model_validate(catalog.load(_ADAPT))
            _require_device(adapt.training, "adapt", runner)
            _require_encoder(adapt.encoder, "adapt.encoder.name")


def _nodes_to_run(pipeline: Pipeline, catalog: Any, *, resumed: bool) -> list[Node]:
    """Return the nodes with a model that are sure to start; a resumed run makes what is missing."""
    with_model = [node for node in pipeline.nodes if _OF_MODELS & set(node.inputs)]
    return [
        node
        for node in with_model
        if not resumed or not all(catalog.exists(name) for name in node.outputs)
    ]


def _require_processes(runner: str, nodes: list[Node]) -> None:
    learning = [node.name for node in nodes if _OF_WHAT_LEARNS & set(node.inputs)]
    if "ThreadRunner" in runner and learning:
        raise ValueError(
            f"ThreadRunner cannot run {learning[0]}: threads share one source of chance, so that "
            "the seed would no longer decide the result. Use --runner SequentialRunner, or "
            "--runner ParallelRunner, which gives every node a process and the same result."
        )


def _require_device(params: TrainingParams, group: str, runner: str) -> None:
    if "DaskRunner" in runner:  # its workers' devices need not be those of this machine
        return
    from klue_pipeline.training.device import resolve_device, resolve_precision

    device = resolve_device(params.device, f"{group}.device")
    resolve_precision(params.precision, device, f"{group}.precision")


def _require_space(catalog: Any) -> None:
    parameters = as_written(catalog.load("parameters"))
    if parameters["loss"]["name"] == _TAUGHT:
        raise ValueError(
            f"The trials of a search are not taught, but loss.name is {_TAUGHT}. Search with "
            "another loss (--params loss.name=cross_entropy with this experiment's other settings) "
            "and give the student what was found."
        )
    space = TuneParams.model_validate(catalog.load(_TUNE)).space
    require_space(parameters, space, SEARCHED_GROUPS)


def _require_odqa_space(catalog: Any) -> None:
    parameters = as_written(catalog.load("parameters"))
    own = OdqaParams.model_validate(parameters[ODQA.prefix])
    part = own.tune.part
    where = ODQA.path(f"tune.spaces.{part}")
    require_space(parameters, own.tune.space, searched.SEARCHED_GROUPS[part], ODQA, where)
    searched.require_search(own)


def _require_encoder(params: EncoderParams, setting: str) -> None:
    if params.name == _SCRATCH:
        return
    from klue_pipeline.training.loading.encoder_files import require_encoder

    require_encoder(params, setting)
