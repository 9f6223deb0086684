"""Trained models as one Python function: sentences and entities in, relations out.

Needs a checkpoint's folder and nothing else of a run. How a folder is trained and exported is not
decided here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, get_args, overload

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from klue_pipeline.relation.encoding.features import Features, encode_table
from klue_pipeline.relation.inference.checkpoint_folders import find_checkpoints
from klue_pipeline.relation.inference.type_warnings import TypeWarnings
from klue_pipeline.relation.ingest.asked_rows import Place, as_columns, build_asked_sentences
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.model.fold_prediction import score_rows
from klue_pipeline.relation.model.relation_model import (
    RelationConfig,
    RelationModel,
    read_relation_config,
)
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.params import Precision
from klue_pipeline.training.tokenizer import Tokenizer, load_tokenizer

_TOKENIZER_FILE = "tokenizer.json"


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


@dataclass(frozen=True, eq=False)
class _Readers:
    """Models that read rows in the same tokens.

    Attributes:
        tokenizer: The tokenizer of all of them.
        input: How rows are written.
        max_tokens: Longest row in tokens.
        models: In evaluation mode, on their device.
    """

    tokenizer: Tokenizer
    input: InputParams
    max_tokens: int
    models: tuple[RelationModel, ...]
    # A fast tokenizer keeps settings of its last call. One that changes them while another thread
    # is in it gives that thread other tokens, or fails ("Already borrowed").
    lock: Lock = field(default_factory=Lock)

    def encode(self, sentences: pd.DataFrame) -> Features:
        """Encode rows as these models learned to read them, without types if they had none."""
        if all(set(model.relation_config.entity_types) <= {NO_TYPE} for model in self.models):
            sentences = sentences.assign(subject_type=NO_TYPE, object_type=NO_TYPE)
        with self.lock:
            table, _ = encode_table(sentences, self.tokenizer, self.input, self.max_tokens)
        return Features(table, labels=())


class RelationClassifier:
    """One trained model or several, whose probabilities are averaged.

    Made by :meth:`from_pretrained`. Several threads may call it at once.

    Attributes:
        folders: The checkpoints, in the order they were given in.
        labels: Label names in the order of the probabilities.

    Example::

        classifier = RelationClassifier.from_pretrained("data/06_models/typed_punct_query/exported")
        classifier("이순신은 조선의 무신이다.", subject=(0, 3), object="조선").label
    """

    def __init__(
        self, models: dict[Path, RelationModel], precision: Precision, batch_size: int
    ) -> None:
        """Gather loaded models.

        Args:
            models: Models with the same labels in evaluation mode, all on one device, by folder.
            precision: A resolved precision, not ``auto``.
            batch_size: Rows in a batch.
        """
        configs = [model.relation_config for model in models.values()]
        self.folders = tuple(models)
        self.labels = configs[0].labels
        self._readers = _group_by_tokens(models)
        self._types = TypeWarnings(configs)
        self._precision: Precision = precision
        self._batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        folders: str | Path | Iterable[str | Path],
        *,
        device: str = "auto",
        precision: Precision = "auto",
        batch_size: int = 16,
    ) -> "RelationClassifier":
        """Load trained models.

        Args:
            folders: The folder of a checkpoint; a folder whose sub-folders ``fold_<number>`` are
                checkpoints, all of which are loaded; or a list of either.
            device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``auto`` takes a GPU if there is one.
            precision: ``fp32``, ``bf16`` or ``fp16`` (GPU only); ``auto`` is fp16 on a GPU, bf16 on
                a CPU that has it, else fp32. Weights stay float32. With less than fp32 a row's
                probabilities may differ in the third digit between batches.
            batch_size: Rows in a batch; more need more memory and give the same result.

        Raises:
            FileNotFoundError: There is no such folder, or no whole checkpoint in it.
            ValueError: The checkpoints tell other labels apart or are of another version, or device
                or precision is not to be had here.
        """
        _require_sound(precision, batch_size)
        found = find_checkpoints(folders)
        _require_same_labels({folder: read_relation_config(folder) for folder in found})
        place = resolve_device(device, "device")
        resolved = resolve_precision(precision, place, "precision")
        models = {folder: RelationModel.from_pretrained(folder).to(place) for folder in found}
        return cls(models, resolved, batch_size)

    def __repr__(self) -> str:
        """Return folders, number of labels, and where and how the models run."""
        return (
            f"RelationClassifier(folders={[str(folder) for folder in self.folders]}, "
            f"labels={len(self.labels)}, device={self.device}, precision={self._precision}, "
            f"batch_size={self._batch_size})"
        )

    @property
    def device(self) -> torch.device:
        """The device of the models."""
        return next(self._readers[0].models[0].parameters()).device

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
            TypeError: Something is neither text nor a list where one is wanted.
            ValueError: The lists differ in length, or a sentence or a place of an entity cannot be
                used; the message says which and why.
        """
        given = {
            "sentence": sentence,
            "subject": subject,
            "object": object,
            "subject_type": subject_type,
            "object_type": object_type,
        }
        probabilities = self.classify(build_asked_sentences(as_columns(given)))
        predictions = [self._predict(row) for row in probabilities]
        return predictions[0] if isinstance(sentence, str) else predictions

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
        for readers in self._readers:
            features = readers.encode(unlabelled)
            for model in readers.models:
                total += self._score(model, features, description)
        return total / len(self.folders)

    def _score(
        self, model: RelationModel, features: Features, description: str | None
    ) -> NDArray[np.float64]:
        try:
            logits = score_rows(
                model,
                features,
                self._batch_size,
                self._precision,
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


def _group_by_tokens(models: dict[Path, RelationModel]) -> list[_Readers]:
    """Put models together that read rows in the same tokens, so that rows are encoded once."""
    groups: dict[str, list[Path]] = {}
    for folder, model in models.items():
        made_by = model.relation_config.fingerprint.get("tokenizer", str(folder))
        groups.setdefault(made_by, []).append(folder)
    return [_readers_of({name: models[name] for name in group}) for group in groups.values()]


def _readers_of(models: dict[Path, RelationModel]) -> _Readers:
    folder, model = next(iter(models.items()))
    config = model.relation_config
    return _Readers(
        tokenizer=_load_tokenizer(folder),
        input=config.input,
        max_tokens=config.max_tokens,
        models=tuple(models.values()),
    )


def _load_tokenizer(folder: Path) -> Tokenizer:
    # Without it Transformers makes up a tokenizer that knows no word.
    if not (folder / _TOKENIZER_FILE).is_file():
        raise FileNotFoundError(
            f"{folder} is no whole checkpoint: {_TOKENIZER_FILE} is missing; copy the folder "
            "again, or train it again."
        )
    return load_tokenizer(str(folder.resolve()))


def _require_sound(precision: str, batch_size: int) -> None:
    if precision not in get_args(Precision):
        raise ValueError(f"precision is {precision!r}; wanted one of {get_args(Precision)}.")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; at least 1 row was wanted.")


def _require_same_labels(configs: dict[Path, RelationConfig]) -> None:
    (first, wanted), *others = configs.items()
    for folder, config in others:
        if config.labels == wanted.labels:
            continue
        differ = sorted(set(config.labels).symmetric_difference(wanted.labels))
        how = f"only one of them has {differ[:3]}" if differ else "their order differs"
        raise ValueError(
            f"{folder} tells {len(config.labels)} labels apart and {first} tells "
            f"{len(wanted.labels)}; {how}. Models of the same labels were wanted: load them as "
            "classifiers of their own."
        )
