"""Which rows a method starts from."""

from collections.abc import Collection

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.augmentation.rows.context import AugmentContext
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.settings.augment_params import MethodParams
from klue_pipeline.text.written_texts import MASK_TEXT


def select_origins(
    context: AugmentContext, params: MethodParams, left_out: Collection[str] = frozenset()
) -> list[Example]:
    """Return the rows that a method starts from, in the order in which they are taken.

    The order is drawn row by row, so that limits keep a fair part of the rows. A row whose own
    text spells the mask is left out, because nobody could tell it from a mask; it is counted.

    Args:
        context: The method and all originals.
        params: What it selects.
        left_out: Ids of rows that must not train, nor what is made of them.

    Raises:
        ValueError: ``select`` names a label or a type pair that no row has, or an experiment whose
            scores do not fit the rows.
    """
    _require_known(context, params)
    selected = [
        row for row in context.originals if _is_selected(row, params) and row.row_id not in left_out
    ]
    if params.select.mistakes_of is not None:
        mistakes = _find_mistakes(params.select.mistakes_of, context)
        selected = [row for row in selected if row.row_id in mistakes]
    usable = [row for row in selected if MASK_TEXT not in row.sentence]
    if len(usable) < len(selected):
        context.skipped[f"the sentence spells {MASK_TEXT}"] += len(selected) - len(usable)
    drawn = sorted((context.priority(row.row_id), place) for place, row in enumerate(usable))
    return [usable[place] for priority, place in drawn if priority < params.share]


def _find_mistakes(experiment: str, context: AugmentContext) -> frozenset[str]:
    """Return the rows that the out-of-fold scores of an earlier experiment got wrong.

    The model that scored a row never saw it, but it saw the validation rows of the other folds. So
    what is selected for them knows, a little, how their labels look.

    Raises:
        ValueError: The scores are for other labels, or rows have none.
    """
    scores = context.resources.earlier[experiment]
    _require_same_labels(experiment, scores, context.labels)
    predicted = dict(zip(scores.row_ids.tolist(), scores.predictions.tolist(), strict=True))
    unscored = [row.row_id for row in context.originals if row.row_id not in predicted]
    if unscored:
        raise ValueError(
            f"select.mistakes_of: {experiment} has no out-of-fold score of {len(unscored)} rows, "
            f"among them {unscored[:3]}; train all of its folds again on these rows (kedro run "
            f"--params experiment={experiment})."
        )
    return frozenset(row.row_id for row in context.originals if predicted[row.row_id] != row.label)


def _require_same_labels(experiment: str, scores: ScoreTable, labels: LabelSet) -> None:
    if list(scores.labels) != labels.names:
        raise ValueError(
            f"select.mistakes_of: {experiment} has scores for {len(scores.labels)} labels, the "
            f"task has {len(labels.names)}; name an experiment with target.name all and the same "
            "ingest.label_set."
        )


def _is_selected(row: Example, params: MethodParams) -> bool:
    labels, types = params.select.labels, params.select.types
    return (labels is None or row.label in labels) and (types is None or row.type_pair in types)


def _require_known(context: AugmentContext, params: MethodParams) -> None:
    wanted = {"labels": params.select.labels, "types": params.select.types}
    known = {
        "labels": set(context.labels.names),
        "types": {row.type_pair for row in context.originals},
    }
    for name, values in wanted.items():
        unknown = sorted(set(values or ()) - known[name])
        if unknown:
            raise ValueError(
                f"augment.{context.method}.select.{name} has {unknown}; there are "
                f"{', '.join(sorted(known[name]))}."
            )
