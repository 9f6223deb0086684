"""Subject and object change places, and the label becomes its inverse."""

from dataclasses import replace

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext, one_by_one
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.rows.inverse_relations import find_inverse
from klue_pipeline.relation.settings.augment_params import EntitySwapParams

NO_INVERSE = "its label has no inverse"
TOO_NOISY = "its inverse often does not hold, and noisy_weight is 0"
UNFIT_TYPE = "its object cannot be the subject of the inverse"
REVERSE_KNOWN = "its reverse is labelled already"


def build_entity_swap(params: EntitySwapParams, context: AugmentContext) -> Augment:
    """Prepare the swap; ``rows/inverse_relations.py`` says which labels allow it.

    The sentence stays. Each entity keeps its words, its place and its type, so the types of the
    pair swap as well. A row is skipped, and counted in ``skipped``, where its label has no inverse
    among the task's labels, where the old object is not of the type that the new subject must
    have, and where the reverse is a row of its own: what annotators said beats what follows.

    Args:
        params: Factor on the weight of rows whose new label often does not hold.
        context: The labels, and all rows.

    Returns:
        A function from rows to at most one new row each.
    """
    places = {_place(row) for row in context.originals}
    inverses = {label: find_inverse(label, context.labels) for label in context.labels.names}

    def swap(row: Example) -> Example | str:
        inverse = inverses.get(row.label)
        if inverse is None:
            return NO_INVERSE
        if not inverse.fits(row.object.type):
            return UNFIT_TYPE
        factor = params.noisy_weight if inverse.is_noisy else 1.0
        if not factor:
            return TOO_NOISY
        swapped = replace(
            row,
            subject=row.object,
            object=row.subject,
            label=inverse.label,
            weight=row.weight * factor,
        )
        return REVERSE_KNOWN if _place(swapped) in places else swapped

    return one_by_one(swap, context)


def _place(row: Example) -> tuple[str, int, int, int, int]:
    spans = [(entity.start_char, entity.end_char) for entity in (row.subject, row.object)]
    return (row.sentence, *spans[0], *spans[1])
