"""Some words outside of the entities become the mask token."""

from collections.abc import Iterator, Sequence

from klue_pipeline.relation.augmentation.rows.context import MASK_TEXT, Augment, AugmentContext
from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.rows.roles import draw_role, entity_in_role
from klue_pipeline.relation.augmentation.words.words import maskable_words
from klue_pipeline.relation.settings.augment_params import MaskEntityParams, MaskWordsParams
from klue_pipeline.text.written_texts import CharSpan

NO_WORD = "no word outside of its entities"


def build_mask_words(params: MaskWordsParams, context: AugmentContext) -> Augment:
    """Prepare the masking of words that no entity touches.

    A word is what stands between blanks, its particle included. Quotes, brackets and full stops
    around it stay, and so does every blank; a word without any letter or digit is never masked.

    Args:
        params: The share of these words to mask; at least one is.
        context: What is drawn; rows without such a word are counted in ``skipped``.

    Returns:
        A function from rows to at most one new row each.
    """

    def augment(rows: Sequence[Example]) -> Iterator[Example]:
        for row in rows:
            words = maskable_words(row)
            if not words:
                context.skipped[NO_WORD] += 1
                continue
            n_masks = max(1, round(params.mask_share * len(words)))
            chosen = context.generator(row.row_id).choice(len(words), n_masks, replace=False)
            yield apply_edits(row, [_mask(words[place]) for place in chosen.tolist()])

    return augment


def _mask(word: CharSpan) -> Edit:
    return Edit(word.start_char, word.end_char, MASK_TEXT)


def build_mask_entity(params: MaskEntityParams, context: AugmentContext) -> Augment:
    """Prepare the masking of subjects, objects or either.

    Type, label and the particle behind the entity stay; the whole of a name of several words
    becomes one mask. The same name elsewhere in the sentence stays too: a model may use it, as it
    may in a row of the test file.

    Args:
        params: Whose words are masked.
        context: What is drawn for ``either``.

    Returns:
        A function from rows to one new row each.
    """

    def augment(rows: Sequence[Example]) -> Iterator[Example]:
        for row in rows:
            role = draw_role(params.role, context.generator(row.row_id))
            entity = entity_in_role(row, role)
            yield apply_edits(row, [Edit(entity.start_char, entity.end_char, MASK_TEXT)])

    return augment
