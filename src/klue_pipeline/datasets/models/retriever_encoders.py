"""Trained retrievers and rerankers as folders that are either whole or not there."""

from klue_pipeline.datasets.models.checkpoint import AdaptedEncoderDataset
from klue_pipeline.odqa.dense.encoder_folders import PASSAGE_FOLDER, QUESTION_FOLDER
from klue_pipeline.training.loading.weights_file import WEIGHTS_FILE, find_weights_problem


class RetrieverEncodersDataset(AdaptedEncoderDataset):
    """``RetrieverEncodersDataset`` stores both encoders, then removes their resume state.

    It loads the path of the folder, in which ``p_encoder/`` and ``q_encoder/`` are what
    ``AutoModel`` opens.

    Example usage for the YAML API:

    ```yaml
    odqa.retriever_encoders:
      type: klue_pipeline.datasets.models.retriever_encoders.RetrieverEncodersDataset
      filepath: data/06_models/odqa/dense_trained/retriever
      scratch: data/06_models/odqa/dense_trained/.scratch_retriever
    ```
    """

    whole_file = f"{QUESTION_FOLDER}/{WEIGHTS_FILE}"
    if_missing = (
        "No trained retriever at {folder} ({file} is missing); make it with kedro run --pipelines "
        "odqa_train_retriever, with the same --env and --params odqa.experiment=..."
    )

    def _find_problem(self) -> str | None:
        for name in (PASSAGE_FOLDER, QUESTION_FOLDER):
            path = self._filepath / name / WEIGHTS_FILE
            problem = find_weights_problem(path) if path.is_file() else "is missing"
            if problem:
                return f"{path} {problem}. Copy the folder again, or train the retriever anew."
        return None


class RerankerDataset(AdaptedEncoderDataset):
    """``RerankerDataset`` stores a trained cross-encoder, then removes its resume state.

    It loads the path of the folder, which ``AutoModelForSequenceClassification`` opens.

    Example usage for the YAML API:

    ```yaml
    odqa.reranker:
      type: klue_pipeline.datasets.models.retriever_encoders.RerankerDataset
      filepath: data/06_models/odqa/hybrid/reranker
      scratch: data/06_models/odqa/hybrid/.scratch_reranker
    ```
    """

    if_missing = (
        "No trained reranker at {folder} ({file} is missing); make it with kedro run --nodes "
        "odqa.train_reranker, with the same --env and --params odqa.experiment=..."
    )
