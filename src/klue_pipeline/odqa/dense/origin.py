"""What a training of this task depends on, and what its settings are called."""

from typing import Any

from klue_pipeline.base_settings import SettingNames, Settings
from klue_pipeline.odqa.dense.encoder import describe_source
from klue_pipeline.odqa.dense.pairing import TrainingTables
from klue_pipeline.odqa.settings.retriever_params import RetrieverTrainingParams
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.version import __version__

OWN_NAMES: SettingNames = {
    "training": ("odqa.retriever_training", RetrieverTrainingParams),
    "encoder": ("odqa.encoder", EncoderParams),
}
"""What settings are called here, of which the code that tasks share says other names."""

_COLUMNS = {
    "examples": ["question_id", "question", "part"],
    "passages": ["passage_id", "title", "text"],
    "gold_passages": ["question_id", "passage_id"],
    "passage_groups": ["passage_id", "group_id"],
    "hard_negatives": ["question_id", "passage_id"],
}


def describe_training(tables: TrainingTables, tokenizer: Any, settings: Any) -> dict[str, object]:
    """Return what the state of an interrupted training must agree in to be gone on with.

    Args:
        tables: What is learnt from.
        tokenizer: The encoder's.
        settings: A dataclass of settings models, ``encoder`` among them.
    """
    groups: dict[str, Settings] = dict(vars(settings))
    found = {name: getattr(tables, name) for name in _COLUMNS}
    return {
        "code": __version__,
        "encoder_files": describe_source(settings.encoder),
        "vocabulary": sorted(tokenizer.get_vocab().items()),
        **{
            name: group.model_dump(exclude=set(group.results_do_not_depend_on))
            for name, group in groups.items()
        },
        **{
            name: None if table is None else hash_table(table, _COLUMNS[name])
            for name, table in found.items()
        },
    }
