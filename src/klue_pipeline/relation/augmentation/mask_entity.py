"""One entity becomes the mask token, so that the model has to read the rest of the sentence."""

from collections.abc import Iterator, Sequence

from klue_pipeline.relation.augment_params import MaskEntityParams
from klue_pipeline.relation.augmentation.context import MASK_TEXT, Augment, AugmentContext
from klue_pipeline.relation.augmentation.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.example import Example
from klue_pipeline.relation.augmentation.roles import draw_role, entity_in_role


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
