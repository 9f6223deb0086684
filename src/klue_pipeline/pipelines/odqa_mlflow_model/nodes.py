"""Put an exported answerer together with a request that shows how it is asked."""

from pathlib import Path

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.inference.answerer_folder import read_settings
from klue_pipeline.odqa.inference.model_package import interface_of, tabulate_request
from klue_pipeline.training.exporting.served_interface import ModelPackage


def package_answerer(exported_answerer: Path, about: AboutParams) -> ModelPackage:
    """Name what an MLflow model is made of; the dataset that keeps it knows how."""
    searches = read_settings(exported_answerer).search is not None
    return ModelPackage(
        exported=exported_answerer,
        example=tabulate_request(searches=searches),
        metadata={
            "experiment": about.experiment,
            "folder": about.folder,
            "why": about.why,
            "models": exported_answerer.name,
        },
        interface=interface_of(exported_answerer),
    )
