"""Rows in which nouns outside of the entities are guessed anew by a masked language model."""

from collections.abc import Iterator, Sequence

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.edits import apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.replacements import WordSource, draw_replacements
from klue_pipeline.relation.augmentation.words.stems import replace_stem
from klue_pipeline.relation.settings.augment_params import FillMaskParams

NO_NOUN = "no noun outside of the entities"
NO_GUESS = "the model knows no other noun"


def build_fill_mask(params: FillMaskParams, context: AugmentContext) -> Augment:
    """Load the model and return the method.

    Of each row, ``mask_share`` of the free words become other words, at least one: the noun or
    compound that a word starts with gives way to one noun, drawn from the model's ``top_k`` by
    their probabilities, and the particle behind it fits the new noun. Verbs stay, and so do
    adverbs. All nouns of a row are hidden at once.

    The label stays, although a guess may change what a sentence says: leave out labels that hang on
    single nouns by ``select``, or give the rows less ``weight``.

    Args:
        params: Model, shares and sizes.
        context: Where chance comes from.

    Raises:
        OSError: There is no tokenizer to load.
        ValueError: The model cannot be loaded or cannot guess Korean nouns.
    """
    from klue_pipeline.relation.augmentation.words.noun_tokens import NOUNS
    from klue_pipeline.relation.augmentation.words.word_guesses import load_guesses

    guesses = load_guesses(
        _require_model(params),
        NOUNS,
        method="fill_mask",
        top_k=params.top_k,
        batch_size=params.batch_size,
        device=params.device,
    )
    return lambda chunk: _fill(chunk, guesses, params.mask_share, context)


def _require_model(params: FillMaskParams) -> str:
    if params.model is None:
        raise ValueError(
            "augment.fill_mask.model is not set; give a folder or hub id of a masked language model"
        )
    return params.model


def _fill(
    chunk: Sequence[Example], guesses: WordSource, mask_share: float, context: AugmentContext
) -> Iterator[Example]:
    generators = [context.generator(row.row_id) for row in chunk]
    drawn = draw_replacements(chunk, generators, mask_share, guesses)
    for row, replacements in zip(chunk, drawn, strict=True):
        edits = [replace_stem(row, stem, word) for stem, word in replacements if word]
        if edits:
            yield apply_edits(row, edits)
        else:
            context.skipped[NO_GUESS if replacements else NO_NOUN] += 1
