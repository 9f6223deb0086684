"""Put an exported model together with a request that shows how it is asked."""

from pathlib import Path

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.relation.inference.model_package import EXAMPLES, interface_of, tabulate_request
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.exporting.served_interface import ModelPackage


def package_model(
    exported_model: Path, about: AboutParams, input_params: InputParams
) -> ModelPackage:
    """Name what an MLflow model is made of; the dataset that keeps it knows how."""
    from klue_pipeline.relation.inference.checkpoints import find_checkpoints
    from klue_pipeline.relation.model.relation_model import read_relation_config

    known = read_relation_config(find_checkpoints(exported_model)[0]).entity_types
    return ModelPackage(
        exported=exported_model,
        example=tabulate_request(EXAMPLES[input_params.language], known),
        metadata={
            "experiment": about.experiment,
            "folder": about.folder,
            "why": about.why,
            "models": exported_model.name,
        },
        interface=interface_of(exported_model),
    )
