"""``MlflowModelDataset`` keeps a model in the folder that ``mlflow models serve`` reads."""

import logging
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import klue_pipeline
from klue_pipeline.datasets.local import WholeFolderDataset
from klue_pipeline.training.exporting.linked_folders import link_folder
from klue_pipeline.training.exporting.served_interface import (
    AnswerKind,
    ModelPackage,
    ServedInterface,
)

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

logger = logging.getLogger(__name__)

_DATA_FOLDER = "checkpoints"
_ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true"}
_NOISY_LOGGER = "mlflow.pyfunc"


class MlflowModelDataset(WholeFolderDataset[ModelPackage]):
    """``MlflowModelDataset`` saves a package as an MLflow model and loads the folder's path.

    The folder needs nothing else of the project: the code travels in it, and its requirements name
    the exact versions that are installed here. Weights are linked, not copied, where the file
    system has links. The folder is whole or not there.

    Example usage for the YAML API:

    ```yaml
    mlflow_model:
      type: klue_pipeline.datasets.models.mlflow_model.MlflowModelDataset
      filepath: data/06_models/baseline/mlflow_model
    ```

    Example usage for the Python API::

        MlflowModelDataset(filepath="data/06_models/baseline/mlflow_model").save(package)
    """

    whole_file = "MLmodel"
    if_missing = (
        "No MLflow model at {folder}; make it with kedro run --pipelines mlflow_model, with the "
        "same --env and --params experiment=... as the training."
    )

    def _write(self, data: ModelPackage, folder: Path) -> None:
        _save_model(data, folder)


class MlflowAnswererDataset(MlflowModelDataset):
    """``MlflowAnswererDataset`` is the same for what answers questions.

    Example usage for the YAML API:

    ```yaml
    odqa.mlflow_answerer:
      type: klue_pipeline.datasets.models.mlflow_model.MlflowAnswererDataset
      filepath: data/06_models/odqa/reader/mlflow_model
    ```
    """

    if_missing = (
        "No MLflow model at {folder}; make it with kedro run --pipelines odqa_mlflow_model, with "
        "the same --env and --params odqa.experiment=... as the training."
    )


def _save_model(package: ModelPackage, folder: Path) -> None:
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import mlflow.pyfunc
    from mlflow.models import Model

    logging.getLogger(_NOISY_LOGGER).setLevel(logging.WARNING)
    model = Model()
    with tempfile.TemporaryDirectory() as temporary:
        # An empty folder only names the place: MLflow would copy the weights, links do not.
        place = Path(temporary) / _DATA_FOLDER
        place.mkdir()
        mlflow.pyfunc.save_model(
            folder,
            loader_module=package.interface.loader,
            data_path=str(place),
            code_paths=[str(Path(klue_pipeline.__file__).parent)],
            mlflow_model=model,
            signature=_signature(package.interface),
            input_example=package.example,
            pip_requirements=pinned_requirements(package.interface),
            metadata=dict(package.metadata),
            model_config=_model_config(),
        )
    data = folder / "data" / _DATA_FOLDER
    data.rmdir()
    link_folder(package.exported, data)
    _correct_size(model, folder)


def pinned_requirements(interface: ServedInterface) -> list[str]:
    """Return what a server has to install, in the versions that are installed here.

    A local version, such as the ``+cpu`` of a torch without CUDA, is in no public index and says
    nothing of what the model needs; it is left out.
    """
    return [f"{name}=={version(name).partition('+')[0]}" for name in interface.requirements]


def _model_config() -> dict[str, Any]:
    """Return what may be set where the model is served; MLflow ignores what is not named here."""
    from klue_pipeline.training.exporting.micro_batches import ROWS_TOGETHER
    from klue_pipeline.training.exporting.request_limits import RequestLimits

    how = {"device": "auto", "precision": "auto", "batch_size": 16, "rows_together": ROWS_TOGETHER}
    return {**how, **RequestLimits().model_dump()}


def _signature(interface: ServedInterface) -> "ModelSignature":
    """Describe requests and answers.

    Every column may be missing: MLflow answers a missing required one with status 500, we say what
    is missing with 400. And all but the wanted text may be anything: MLflow's whole numbers and
    texts know no gaps, so that a request could not ask by offsets in one row and by words in
    another, and its conversions are silent (0.9 is taken for 0, and a missing word for the word
    None).
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, DataType, Map, Schema

    anything: Any = AnyType
    inputs: list[Any] = [ColSpec(DataType.string, interface.wanted, required=False)]
    inputs += [ColSpec(anything(), name, required=False) for name in interface.optional]
    kinds: dict[AnswerKind, Any] = {
        "text": DataType.string,
        "number": DataType.double,
        "whole_number": DataType.long,
        "numbers_by_name": Map(DataType.double),
    }
    answers: list[Any] = [
        ColSpec(kinds[kind], name, required=name not in interface.may_be_missing)
        for name, kind in interface.answers.items()
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(answers))


def _correct_size(model: "Model", folder: Path) -> None:
    """Tell MLflow of the weights, which were not there yet when it looked."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    model.model_size_bytes = sum(path.stat().st_size for path in files)
    model.save(str(folder / MlflowModelDataset.whole_file))
