"""The mask token takes the place of some words outside of the entities, or of one entity."""

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext, one_by_one
from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example, draw_role
from klue_pipeline.relation.augmentation.words.free_words import count_of, maskable_words
from klue_pipeline.relation.settings.augment_params import MaskEntityParams, MaskWordsParams
from klue_pipeline.text.written_texts import MASK_TEXT, Stretch

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

    def mask_words(row: Example) -> Example | str:
        words = maskable_words(row)
        if not words:
            return NO_WORD
        n_masks = count_of(params.mask_share, len(words))
        chosen = context.generator(row.row_id).choice(len(words), n_masks, replace=False)
        return apply_edits(row, [_mask(words[place]) for place in chosen.tolist()])

    return one_by_one(mask_words, context)


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

    def mask_entity(row: Example) -> Example:
        role = draw_role(params.role, context.generator(row.row_id))
        return apply_edits(row, [_mask(row.entity(role))])

    return one_by_one(mask_entity, context)


def _mask(stretch: Stretch) -> Edit:
    return Edit(stretch.start_char, stretch.end_char, MASK_TEXT)
