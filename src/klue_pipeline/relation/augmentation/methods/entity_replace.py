"""One entity becomes another one of its type, so that pairs cannot be learnt by heart."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from klue_pipeline.relation.augmentation.rows.context import Augment, AugmentContext, one_by_one
from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits
from klue_pipeline.relation.augmentation.rows.example import Example, FoldKey, draw_role
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.settings.augment_params import EntityReplaceParams
from klue_pipeline.text.josa import choose_josa, find_josa
from klue_pipeline.text.written_texts import MASK_TEXT, CharSpan, overlap

NO_OTHER = "no other entity of its kind among the rows of its folds"
UNTYPED = "its entity has no type"


class Kind(NamedTuple):
    """Which entities may take each other's place.

    Attributes:
        role: ``subject`` or ``object``.
        type: Entity type.
        label: The relation whose objects they are; None for subjects and for negative rows.
        fold_key: The folds in which their rows validate.
    """

    role: str
    type: str
    label: str | None
    fold_key: FoldKey


@dataclass(frozen=True)
class SurfacePool:
    """Words to draw from, each once.

    Attributes:
        surfaces: The words, sorted, so that the order of the rows they come from changes nothing.
        places: The place of each of them.
    """

    surfaces: tuple[str, ...]
    places: dict[str, int]

    @classmethod
    def gather(cls, surfaces: Iterable[str]) -> "SurfacePool":
        """Collect words."""
        ordered = tuple(sorted(set(surfaces)))
        return cls(ordered, {surface: place for place, surface in enumerate(ordered)})

    def draw(self, avoided: Iterable[str], generator: np.random.Generator) -> str | None:
        """Return one of the words but for a few, all as likely; None if there is no other."""
        gaps = sorted({self.places[surface] for surface in avoided if surface in self.places})
        n_left = len(self.surfaces) - len(gaps)
        if not n_left:
            return None
        place = int(generator.integers(n_left))
        # Drawn among those left, so each gap up to there moves it one further.
        for gap in gaps:
            place += gap <= place
        return self.surfaces[place]


def build_entity_replace(params: EntityReplaceParams, context: AugmentContext) -> Augment:
    """Gather the entities by role and type, and prepare the replacement.

    An entity's successor is drawn from the rows that validate in the same folds, so that no word
    of a validation row gets into training. Subjects come from subjects of the same type, objects
    from objects of the same type and label: KLUE's types are coarse, and a title or a religion
    whose successor is any other POH or ORG would make the label untrue. A negative row takes any
    object of the type. The particle behind the entity takes the form that the new word wants.

    The rest of the sentence stays, and may hold the old name once more; so a new row often states
    what is not so, and its label is what it states.

    Args:
        params: Whose words are replaced.
        context: All rows, and what is drawn; rows without a possible successor are counted in
            ``skipped``, among them those of files without entity types.

    Returns:
        A function from rows to at most one new row each.
    """
    pools = _gather_pools(context.originals)
    negative = context.labels.negative

    def draw_and_replace(row: Example) -> Example | str:
        generator = context.generator(row.row_id)
        role = draw_role(params.role, generator)
        entity = row.entity(role)
        pool = pools.get(_kind(row, role, negative))
        surface = pool.draw([item.text for item in row.entities], generator) if pool else None
        if surface is None:
            return UNTYPED if entity.type == NO_TYPE else NO_OTHER
        return replace_entity(row, entity, surface)

    return one_by_one(draw_and_replace, context)


def _gather_pools(originals: Sequence[Example]) -> dict[Kind, SurfacePool]:
    surfaces: dict[Kind, list[str]] = defaultdict(list)
    for row in originals:
        for kind in _kinds(row):
            text = row.entity(kind.role).text
            if kind.type != NO_TYPE and MASK_TEXT not in text:
                surfaces[kind].append(text)
    return {kind: SurfacePool.gather(found) for kind, found in surfaces.items()}


def _kinds(row: Example) -> tuple[Kind, ...]:
    """Return the kinds in which a row's entities may be drawn."""
    subject, object_ = row.subject.type, row.object.type
    return (
        Kind("subject", subject, None, row.fold_key),
        Kind("object", object_, None, row.fold_key),
        Kind("object", object_, row.label, row.fold_key),
    )


def _kind(row: Example, role: str, negative: str | None) -> Kind:
    """Return the kind from which the successor of a row's entity is drawn."""
    label = None if role == "subject" or row.label == negative else row.label
    return Kind(role, row.entity(role).type, label, row.fold_key)


def replace_entity(example: Example, entity: Entity, surface: str) -> Example:
    """Write another word in the place of an entity, with the particle that it wants.

    Args:
        example: The row.
        entity: Its subject or its object.
        surface: The new word.

    >>> row = Example("0", "이순신은 수군을 이끌었다.", Entity("이순신", 0, 3, "PER"),
    ...               Entity("수군", 5, 7, "ORG"), "no_relation")
    >>> replace_entity(row, row.subject, "최나래").sentence
    '최나래는 수군을 이끌었다.'
    """
    edits = [Edit(entity.start_char, entity.end_char, surface)]
    return apply_edits(example, [*edits, *_refit_particle(example, entity, surface)])


def _refit_particle(example: Example, entity: Entity, surface: str) -> list[Edit]:
    found = find_josa(example.sentence[entity.end_char :], entity.text)
    if found is None:
        return []
    start = entity.end_char + found.start_char
    particle = CharSpan(start, start + len(found.text))
    others = (item for item in example.entities if item is not entity)
    form = choose_josa(surface, found.pair)
    if form == found.form or any(overlap(particle, other) for other in others):
        return []
    return [Edit(start, start + len(found.form), form)]
