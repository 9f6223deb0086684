"""Back translation: a sentence in other words, by way of another language or from a file.

Entities must keep their words, so codes stand for them on the way; see ``placeholders``. A row
whose codes do not come back, each exactly once, gives no new row and is counted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import pandas as pd

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.rows.placeholders import (
    FILE_PLACEHOLDERS,
    Placeholders,
    UnusableTextError,
    choose_placeholders,
    protect_entities,
    restore_entities,
)
from klue_pipeline.relation.settings.augment_params import BackTranslationParams
from klue_pipeline.text.csv_lines import hint_at_header
from klue_pipeline.text.shortened import list_shortly
from klue_pipeline.training.generation.translation import (
    GenerationSettings,
    Translate,
    describe_direction,
    read_direction,
    translate_by_way_of,
)
from klue_pipeline.training.generation.translation_cache import open_cache, with_cache
from klue_pipeline.training.generation.translation_model import build_translators

_COLUMNS = ("origin_id", "text")


def build_back_translation(params: BackTranslationParams, context: AugmentContext) -> Augment:
    """Prepare the method: read the file, or get the models ready.

    Args:
        params: Where the other words come from.
        context: Holds the file's table and the folder for what models translated.

    Raises:
        ValueError: The file is needed and there is none, or its columns are others.
    """
    return _SOURCES[params.source](params, context)


def _from_file(params: BackTranslationParams, context: AugmentContext) -> Augment:  # noqa: ARG001
    texts = read_translations(context)
    return partial(reword_from_file, texts=texts, skipped=context.skipped)


def _from_models(params: BackTranslationParams, context: AugmentContext) -> Augment:
    return partial(reword_by_models, steps=_prepare_steps(params, context), skipped=context.skipped)


_SOURCES: dict[str, Callable[[BackTranslationParams, AugmentContext], Augment]] = {
    "file": _from_file,
    "models": _from_models,
}


def read_translations(context: AugmentContext) -> dict[str, list[str]]:
    """Gather a file's texts by the row that they reword.

    Lines without a text, and of rows that there are not, are counted as skipped.

    Raises:
        ValueError: There is no table, or it lacks a column.
    """
    table = _require_table(context.resources.translations)
    texts = defaultdict(list)
    known = {example.row_id for example in context.originals}
    for origin_id, text in zip(table["origin_id"], table["text"], strict=True):
        if str(origin_id) not in known:
            context.skipped["translation of an unknown row"] += 1
        else:
            texts[str(origin_id)].append("" if pd.isna(text) else str(text))
    return dict(texts)


def _require_table(translations: pd.DataFrame | None) -> pd.DataFrame:
    if translations is None:
        raise ValueError(
            "augment.back_translation.source is file, but there is none; set raw.translations to a "
            "CSV file with the columns origin_id and text, or source to models."
        )
    missing = [name for name in _COLUMNS if name not in translations.columns]
    if missing:
        found = translations.columns
        raise ValueError(
            f"The file of raw.translations has the columns {list_shortly(found)} and lacks "
            f"{', '.join(missing)}.{hint_at_header(found, missing)} Wanted in the first line are "
            "origin_id, the row_id of a training row, and text, its sentence in other words, "
            f"best with {FILE_PLACEHOLDERS.subject} in the place of the subject and "
            f"{FILE_PLACEHOLDERS.object} in that of the object."
        )
    return translations


def reword_from_file(
    examples: Sequence[Example], texts: Mapping[str, Sequence[str]], skipped: Counter[str]
) -> Iterator[Example]:
    """Make a new row of every text that rewords one of the rows.

    Args:
        examples: The rows.
        texts: Sentences in other words, by row.
        skipped: Counts, by reason, what gives no row.
    """
    for example in examples:
        if example.row_id not in texts:
            skipped["no translation in the file"] += 1
        for text in texts.get(example.row_id, ()):
            yield from _restore(example, text, FILE_PLACEHOLDERS, skipped, or_words=True)


def reword_by_models(
    examples: Sequence[Example], steps: Sequence[Translate], skipped: Counter[str]
) -> Iterator[Example]:
    """Make a new row of every row that survives a chain of translations.

    Args:
        examples: The rows.
        steps: Translators, the next one reading what the one before wrote.
        skipped: Counts, by reason, what gives no row.
    """
    codes = [choose_placeholders(example.sentence) for example in examples]
    sent = [protect_entities(*pair) for pair in zip(examples, codes, strict=True)]
    received = translate_by_way_of(steps, sent)
    for example, placeholders, translation in zip(examples, codes, received, strict=True):
        if translation.problem:
            skipped[translation.problem] += 1
        else:
            yield from _restore(example, translation.text, placeholders, skipped, or_words=False)


def _restore(
    example: Example,
    text: str,
    placeholders: Placeholders,
    skipped: Counter[str],
    *,
    or_words: bool,
) -> Iterable[Example]:
    try:
        return [restore_entities(example, text, placeholders, or_words=or_words)]
    except UnusableTextError as reason:
        skipped[str(reason)] += 1
        return []


def _prepare_steps(params: BackTranslationParams, context: AugmentContext) -> list[Translate]:
    """Prepare the translators of a chain, each with what it translated in earlier runs."""
    settings = GenerationSettings(
        params.num_beams, params.max_new_tokens, params.batch_size, params.device
    )
    directions = [read_direction(spelled) for spelled in params.models]
    steps = build_translators(directions, settings)
    if context.resources.cache_folder is None:
        return steps
    caches = (
        open_cache(context.resources.cache_folder, describe_direction(direction, settings))
        for direction in directions
    )
    return [with_cache(step, cache) for step, cache in zip(steps, caches, strict=True)]
