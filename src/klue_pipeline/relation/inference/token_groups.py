"""Models of an ensemble by the tokens that they read, so that rows are encoded once for several."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import pandas as pd

from klue_pipeline.relation.encoding.features import Features, encode_table
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.model.relation_graph import ScoringModel
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.training.tokenizer import Tokenizer, load_tokenizer

_TOKENIZER_FILE = "tokenizer.json"


@dataclass(frozen=True, eq=False)
class TokenGroup:
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
    models: tuple[ScoringModel, ...]
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


def group_by_tokens(models: Mapping[Path, ScoringModel]) -> list[TokenGroup]:
    """Put models together that read rows in the same tokens, so that rows are encoded once."""
    groups: dict[str, list[Path]] = {}
    for folder, model in models.items():
        made_by = model.relation_config.fingerprint.get("tokenizer", str(folder))
        groups.setdefault(made_by, []).append(folder)
    return [_group_of({name: models[name] for name in group}) for group in groups.values()]


def _group_of(models: dict[Path, ScoringModel]) -> TokenGroup:
    folder, model = next(iter(models.items()))
    config = model.relation_config
    return TokenGroup(
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
