"""Trained models as one Python function: sentences and entities in, relations out.

Needs a checkpoint's folder and nothing else of a run. How a folder is trained and exported is not
decided here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, overload

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from klue_pipeline.relation.encoding.features import Features
from klue_pipeline.relation.inference.checkpoints import find_checkpoints, load_graphs, load_models
from klue_pipeline.relation.inference.requests import as_records, read_requests, table_requests
from klue_pipeline.relation.inference.token_groups import group_by_tokens
from klue_pipeline.relation.inference.type_warnings import TypeWarnings
from klue_pipeline.relation.ingest.parsing.entity_places import Place
from klue_pipeline.relation.ingest.parsing.raw_row import RawRow
from klue_pipeline.relation.model.fold_prediction import score_rows
from klue_pipeline.relation.model.relation_graph import ScoringModel
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.exporting.micro_batches import ROWS_TOGETHER, MicroBatches
from klue_pipeline.training.exporting.onnx_session import Runtime, choose_runtime, require_cpu
from klue_pipeline.training.params import Precision


@dataclass(frozen=True, slots=True)
class RelationPrediction:
    """What a classifier says about one sentence and its two entities.

    Attributes:
        label: The most probable label.
        probability: Its probability, 0 to 1.
        probabilities: The probability of every label by its name, in the order of
            ``RelationClassifier.labels``; they sum to 1.
    """

    label: str
    probability: float
    probabilities: dict[str, float]


class RelationClassifier:
    """One trained model or several, whose probabilities are averaged.

    Made by :meth:`from_pretrained`. Several threads may call it at once.

    Attributes:
        folders: The checkpoints, in the order they were given in.
        labels: Label names in the order of the probabilities.
        precision: What the models compute in; of graphs, what is left in float32.

    Example::

        classifier = RelationClassifier.from_pretrained("data/06_models/typed_punct_query/exported")
        classifier("이순신은 조선의 무신이다.", subject=(0, 3), object="조선").label
    """

    def __init__(
        self,
        models: Mapping[Path, ScoringModel],
        precision: Precision,
        batch_size: int,
        rows_together: int = ROWS_TOGETHER,
    ) -> None:
        """Gather loaded models: with the same labels, in evaluation mode, all on one device."""
        configs = [model.relation_config for model in models.values()]
        self.folders = tuple(models)
        self.labels = configs[0].labels
        self._groups = group_by_tokens(models)
        self._types = TypeWarnings(configs)
        self.precision: Precision = precision
        self._batch_size = batch_size
        self._together = MicroBatches(self._classify_requests, rows_together)

    @classmethod
    def from_pretrained(
        cls,
        folders: str | Path | Iterable[str | Path],
        *,
        device: str = "auto",
        precision: Precision = "auto",
        batch_size: int = 16,
        rows_together: int = ROWS_TOGETHER,
        runtime: Runtime = "auto",
    ) -> "RelationClassifier":
        """Load trained models.

        Args:
            folders: The folder of a checkpoint; a folder whose sub-folders ``fold_<number>`` are
                checkpoints, all of which are loaded; or a list of either.
            device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``auto`` takes a GPU if there is one.
            precision: ``fp32``, ``bf16`` or ``fp16`` (GPU only); ``auto`` is fp16 on a GPU, bf16 on
                a CPU that has it, else fp32. Weights stay float32. With less than fp32 a row's
                probabilities may differ in the third digit between batches.
            batch_size: Most rows in a batch; more need more memory and give the same result.
            rows_together: Rows that several threads ask for at the same time are answered together,
                up to so many; with 0 each thread is answered by itself.
            runtime: ``pytorch``; ``onnx`` for folders of ``kedro run --pipelines onnx``, on a CPU
                and in the precision of their graphs; ``auto`` takes PyTorch where its weights are
                there.

        Raises:
            ImportError: onnxruntime is wanted and not installed.
            FileNotFoundError: There is no such folder, no whole checkpoint in it, or none for this
                runtime.
            ValueError: Labels or versions differ, or device or precision is not to be had here.
        """
        _require_sound(precision, batch_size)
        checkpoints = find_checkpoints(folders)
        if choose_runtime(checkpoints, runtime, "onnx") == "onnx":
            require_cpu(device)
            return cls(load_graphs(checkpoints), "fp32", batch_size, rows_together)
        place = resolve_device(device, "device")
        resolved = resolve_precision(precision, place, "precision")
        return cls(load_models(checkpoints, place), resolved, batch_size, rows_together)

    def __repr__(self) -> str:
        """Return folders, number of labels, and where and how the models run."""
        return (
            f"RelationClassifier(folders={[str(folder) for folder in self.folders]}, "
            f"labels={len(self.labels)}, device={self.device}, precision={self.precision}, "
            f"batch_size={self._batch_size})"
        )

    @property
    def device(self) -> torch.device:
        """The device of the models."""
        return next(self._groups[0].models[0].parameters()).device

    @overload
    def __call__(
        self,
        sentence: str,
        *,
        subject: Place,
        object: Place,
        subject_type: str | None = None,
        object_type: str | None = None,
    ) -> RelationPrediction: ...

    @overload
    def __call__(
        self,
        sentence: list[str] | tuple[str, ...],
        *,
        subject: Sequence[Place],
        object: Sequence[Place],
        subject_type: Sequence[str | None] | None = None,
        object_type: Sequence[str | None] | None = None,
    ) -> list[RelationPrediction]: ...

    def __call__(
        self,
        sentence: Any,
        *,
        subject: Any,
        object: Any,  # noqa: A002 - the word for it, as in every table of this project
        subject_type: Any = None,
        object_type: Any = None,
    ) -> RelationPrediction | list[RelationPrediction]:
        """Tell the relation of two entities, in one sentence or in each of a list.

        Args:
            sentence: A sentence, or a list of them; then all that follows are lists of its length.
            subject: The entity that the relation is told of: ``(start, end)`` in characters counted
                from 0, the end exclusive; or its words, if they stand in the sentence once.
            object: The other entity, likewise.
            subject_type: The subject's type, such as ``PER``, or None.
            object_type: The object's type, or None.

        Returns:
            One prediction, or a list of them in the order of the sentences.

        Raises:
            TypeError: Something is no list where one is wanted.
            ValueError: The lists differ in length, or a sentence or a place of an entity cannot be
                used; the message says which and why.
        """
        arguments = {
            "sentence": sentence,
            "subject": subject,
            "object": object,
            "subject_type": subject_type,
            "object_type": object_type,
        }
        predictions = self.answer(as_records(arguments))
        return predictions[0] if isinstance(sentence, str) else predictions

    def answer(self, requests: Iterable[Mapping[str, Any]]) -> list[RelationPrediction]:
        """Tell the relation in each of several requests, as JSON or the rows of a table have them.

        Args:
            requests: ``sentence``, and of both entities ``<role>_start`` and ``<role>_end`` or
                ``<role>``, its words; and ``<role>_type``, if it is known.

        Raises:
            ValueError: A request cannot be used; the message says which and why.
        """
        probabilities = self._together.ask(read_requests(requests))
        return [self._predict(row) for row in probabilities]

    def classify(
        self, sentences: pd.DataFrame, *, description: str | None = None
    ) -> NDArray[np.float64]:
        """Return the probability of every label for every row of a table.

        Labels that rows may have are not looked at. A row with a ``problem``, or whose entities are
        not where it says, gets the share of each label in training.

        Args:
            sentences: A table of schema ``TestSentences``.
            description: Text of a progress bar on a terminal; None shows none.

        Returns:
            Softmax of each model's logits over its temperature, averaged over the models. Shape:
            (rows, labels), rows in the order of the table; each sums to 1.

        Raises:
            ValueError: A column is missing, or a row's markers do not fit ``max_tokens``.
            RuntimeError: The GPU's memory did not suffice.
        """
        total: NDArray[np.float64] = np.zeros((len(sentences), len(self.labels)))
        if sentences.empty:
            return total
        unlabelled = sentences.drop(columns="label", errors="ignore")
        self._types.look_at(unlabelled)
        for group in self._groups:
            features = group.encode(unlabelled)
            for model in group.models:
                total += self._score(model, features, description)
        return total / len(self.folders)

    def _classify_requests(self, requests: Sequence[RawRow]) -> list[NDArray[np.float64]]:
        return list(self.classify(table_requests(requests)))

    def _score(
        self, model: ScoringModel, features: Features, description: str | None
    ) -> NDArray[np.float64]:
        try:
            logits = score_rows(
                model,
                features,
                self._batch_size,
                self.precision,
                temperature=model.relation_config.temperature,
                description=description,
            )
        except torch.cuda.OutOfMemoryError as error:
            raise RuntimeError(
                f"The GPU ran out of memory at batch_size={self._batch_size}; load the classifier "
                "with a smaller one (same result), or with fewer models."
            ) from error
        return np.asarray(softmax(logits.astype(np.float64), axis=1))

    def _predict(self, probabilities: NDArray[np.float64]) -> RelationPrediction:
        best = int(probabilities.argmax())
        return RelationPrediction(
            label=self.labels[best],
            probability=float(probabilities[best]),
            probabilities=dict(zip(self.labels, probabilities.tolist(), strict=True)),
        )


def _require_sound(precision: str, batch_size: int) -> None:
    if precision not in get_args(Precision):
        raise ValueError(f"precision is {precision!r}; wanted one of {get_args(Precision)}.")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; at least 1 row was wanted.")
