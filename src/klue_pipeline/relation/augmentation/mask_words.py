"""Some words outside of the entities become the mask token."""

from collections.abc import Iterator, Sequence

from klue_pipeline.relation.augment_params import MaskWordsParams
from klue_pipeline.relation.augmentation.context import MASK_TEXT, Augment, AugmentContext
from klue_pipeline.relation.augmentation.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.example import Example
from klue_pipeline.relation.augmentation.words import maskable_words
from klue_pipeline.relation.texts import CharSpan

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
