"""Settings of the command line that nothing reads, and what would make them count."""

from collections.abc import Iterator, Mapping
from typing import Any

from klue_pipeline.base_settings import Settings
from klue_pipeline.relation.settings.relation_params import RelationParams


def unread_settings(params: RelationParams, runtime: Mapping[str, Any]) -> list[str]:
    """Say which settings of the command line nothing reads, and what would make them count.

    Args:
        params: The checked settings of the run.
        runtime: The nested settings of the command line.
    """
    raw = runtime.get("raw") or {}
    return [
        *_unread_of(params.clean, "clean", "clean.rules", runtime),
        *_unread_of(params.augment, "augment", "augment.methods", runtime),
        *_unread_words(params.text.language, runtime),
        *_unread_negative(params, runtime),
        *_unread_weight(params, runtime),
        *(
            f"raw.{name} is not read: {what} reads it"
            for name, (what, is_read) in _readers_of_tables(params).items()
            if raw.get(name) and not is_read
        ),
    ]


def _unread_of(
    group: Settings, name: str, chosen_by: str, runtime: Mapping[str, Any]
) -> Iterator[str]:
    unread = group.unread_fields()
    for field in runtime.get(name) or {}:
        if field in unread:
            yield f"{name}.{field} is not read: {field} is not among {chosen_by}"


def _unread_words(language: str, runtime: Mapping[str, Any]) -> Iterator[str]:
    for name in (runtime.get("text") or {}).get("type_words") or {}:
        if name != language:
            yield f"text.type_words.{name} is not read: text.language is {language}"


def _unread_negative(params: RelationParams, runtime: Mapping[str, Any]) -> Iterator[str]:
    if "negative" in (runtime.get("labels") or {}) and not params.has_own_labels:
        yield "labels.negative is not read: the label set has its own; see labels.names"


def _unread_weight(params: RelationParams, runtime: Mapping[str, Any]) -> Iterator[str]:
    weight = (runtime.get("loss") or {}).get("unlabelled_weight")
    if weight is not None and params.raw.unlabelled is None:
        yield "loss.unlabelled_weight is not read: raw.unlabelled names no rows"


def _readers_of_tables(params: RelationParams) -> dict[str, tuple[str, bool]]:
    """Return what reads each table of the user's, and whether it does now."""
    augment = params.augment
    return {
        "synonyms": (
            "augment.methods=[eda] with augment.eda.synonyms=table and "
            "augment.eda.operations=[synonym,insert]",
            "eda" in augment.methods and augment.eda.synonyms == "table",
        ),
        "translations": (
            "augment.methods=[back_translation] with augment.back_translation.source=file",
            "back_translation" in augment.methods and augment.back_translation.source == "file",
        ),
        "unlabelled": ("loss.name=distillation", params.reads_unlabelled),
    }
