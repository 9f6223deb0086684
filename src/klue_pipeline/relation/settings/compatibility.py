"""Settings that are legal one by one and do not go together: said before anything trains."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.params import LossParams, TrainingParams

FORMATS_WITHOUT_MARKERS = frozenset({"pair_prefix"})
"""Representations that leave the entities in the sentence as they are."""

HEADS_AT_MARKERS = frozenset(
    {
        "entity_start",
        "cls_entity_start",
        "entity_start_end",
        "rbert",
        "cls_entity_fc",
        "type_restricted",
    }
)
"""Heads that read the states of the entities' markers."""

HEADS_OF_ALL_STATES = frozenset({"bilstm", "type_restricted"})
"""Heads that read more of a row than a fixed number of states."""


@dataclass(frozen=True)
class ModelSettings:
    """The settings of one experiment that have to fit each other."""

    input: InputParams
    target: TargetParams
    head: HeadParams
    loss: LossParams
    training: TrainingParams


def find_conflicts(settings: ModelSettings) -> list[str]:
    """Return what does not go together, each with what to change; nothing if all does."""
    return [conflict for check in CHECKS if (conflict := check(settings))]


def head_without_markers(settings: ModelSettings) -> str | None:
    """A head that reads markers needs a representation that writes them."""
    name, head = settings.input.name, settings.head.name
    if name not in FORMATS_WITHOUT_MARKERS or head not in HEADS_AT_MARKERS:
        return None
    return (
        f"head.name={head} reads the entities' markers, but input.name={name} writes none; choose "
        "head.name=cls, mean_pool or bilstm, or another input.name such as entity_marker"
    )


def margins_without_cosines(settings: ModelSettings) -> str | None:
    """The margins of LDAM are differences of cosines, so its logits have to be cosines."""
    if settings.loss.name != "ldam" or settings.head.classifier == "cosine":
        return None
    return (
        "loss.name=ldam needs cosine logits, but head.classifier is linear; set "
        "head.classifier=cosine and head.scale=30, or choose another loss"
    )


def prompt3_before_the_sentence(settings: ModelSettings) -> str | None:
    """The third prompt is the first one, put after the sentence."""
    if settings.input.query != "prompt3" or settings.input.query_position == "after":
        return None
    return (
        "input.query=prompt3 stands after the sentence, but input.query_position is before; set "
        "it to after, or choose input.query=prompt1"
    )


def smoothing_over_illegal_labels(settings: ModelSettings) -> str | None:
    """Label smoothing wants some probability for every label, also for one that cannot have any."""
    if settings.head.name != "type_restricted" or not settings.loss.label_smoothing:
        return None
    return (
        f"loss.label_smoothing is {settings.loss.label_smoothing}, but head.name=type_restricted "
        "gives illegal labels no probability at all; set loss.label_smoothing=0, or choose another "
        "head"
    )


def smote_without_fixed_states(settings: ModelSettings) -> str | None:
    """SMOTE makes up what the head reads of a row, and trains nothing below the head."""
    if settings.training.smote_neighbours is None:
        return None
    if settings.head.name in HEADS_OF_ALL_STATES:
        return (
            "training.smote_neighbours needs a head that reads a fixed number of states, but "
            f"head.name is {settings.head.name}; choose cls, mean_pool or a head at the markers"
        )
    if settings.input.entity_embedding != "none":
        return (
            "training.smote_neighbours trains the head alone, but input.entity_embedding="
            f"{settings.input.entity_embedding} would have to learn too; set it to none"
        )
    return None


Check = Callable[[ModelSettings], str | None]

CHECKS: tuple[Check, ...] = (
    head_without_markers,
    margins_without_cosines,
    prompt3_before_the_sentence,
    smoothing_over_illegal_labels,
    smote_without_fixed_states,
)
"""Every rule about settings that have to fit each other."""


TARGETS_OF_COMPOSITE: dict[str, tuple[str, ...]] = {
    "cascade": ("binary", "positive"),
    "combine": ("binary", "positive", "all"),
}
"""What the members of a composite may answer; ``cascade`` needs exactly one of each."""

_FEWEST_MEMBERS = 2


def find_member_conflicts(composite: str, targets: Mapping[str, str]) -> list[str]:
    """Return why a composite cannot join its members, each with what to change.

    Args:
        composite: Name of the composite method.
        targets: What each member answers (``target.name``), by experiment; ``composite`` for one
            that is a composite itself.
    """
    legal = TARGETS_OF_COMPOSITE[composite]
    found = ", ".join(f"{name} ({target})" for name, target in targets.items()) or "none"
    if any(target not in legal for target in targets.values()):
        wanted = " or ".join(legal)
        return [f"members: {composite} joins experiments of target {wanted}; found {found}"]
    if composite == "cascade" and sorted(targets.values()) != sorted(legal):
        return [f"members: cascade needs one binary and one positive experiment; found {found}"]
    if len(targets) < _FEWEST_MEMBERS:
        return [f"members: {composite} needs at least {_FEWEST_MEMBERS} experiments; found {found}"]
    return []
