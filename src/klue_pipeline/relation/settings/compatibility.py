"""Settings of a model or composite that are legal one by one and do not go together."""

from collections.abc import Callable, Iterable, Mapping

from klue_pipeline.base_settings import suggest
from klue_pipeline.relation.settings.relation_params import ExperimentDefaults, RelationParams

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

TARGETS_OF_COMPOSITE: dict[str, tuple[str, ...]] = {
    "cascade": ("binary", "positive"),
    "combine": ("binary", "positive", "all"),
}
"""What the members of a composite may answer; ``cascade`` needs exactly one of each."""

_FEWEST_MEMBERS = 2


def find_conflicts(settings: ExperimentDefaults) -> list[str]:
    """Return what does not go together in a model, each with what to change."""
    return [conflict for check in _CHECKS if (conflict := check(settings))]


def head_without_markers(settings: ExperimentDefaults) -> str | None:
    """A head that reads markers needs a representation that writes them."""
    name, head = settings.input.name, settings.head.name
    if name not in FORMATS_WITHOUT_MARKERS or head not in HEADS_AT_MARKERS:
        return None
    return (
        f"head.name={head} reads the entities' markers, but input.name={name} writes none; choose "
        "head.name=cls, mean_pool or bilstm, or another input.name such as entity_marker"
    )


def margins_without_cosines(settings: ExperimentDefaults) -> str | None:
    """The margins of LDAM are differences of cosines, so its logits have to be cosines."""
    if settings.loss.name != "ldam" or settings.head.classifier == "cosine":
        return None
    return (
        "loss.name=ldam needs cosine logits, but head.classifier is linear; set "
        "head.classifier=cosine and head.scale=30, or choose another loss"
    )


def prompt3_before_the_sentence(settings: ExperimentDefaults) -> str | None:
    """The third prompt is the first one, put after the sentence."""
    if settings.input.query != "prompt3" or settings.input.query_position == "after":
        return None
    return (
        "input.query=prompt3 stands after the sentence, but input.query_position is before; set "
        "it to after, or choose input.query=prompt1"
    )


def smoothing_over_illegal_labels(settings: ExperimentDefaults) -> str | None:
    """Label smoothing wants some probability for every label, also for one that cannot have any."""
    if settings.head.name != "type_restricted" or not settings.loss.label_smoothing:
        return None
    return (
        f"loss.label_smoothing is {settings.loss.label_smoothing}, but head.name=type_restricted "
        "gives illegal labels no probability at all; set loss.label_smoothing=0, or choose another "
        "head"
    )


def students_that_no_teacher_can_teach(settings: ExperimentDefaults) -> str | None:
    """A teacher says something of every label of the task, about rows that there are."""
    if settings.loss.name != "distillation":
        return None
    if settings.target.name != "all":
        return (
            "loss.name=distillation learns a teacher's scores of all labels, but target.name is "
            f"{settings.target.name}; set target.name=all, or choose another loss"
        )
    if settings.head.name == "type_restricted":
        return (
            "loss.name=distillation wants some probability for every label that a teacher thinks "
            "possible, but head.name=type_restricted gives illegal labels none; choose another head"
        )
    if settings.training.smote_neighbours is not None:
        return (
            "training.smote_neighbours makes up rows that no teacher has read; leave it out, or "
            "choose another loss than loss.name=distillation"
        )
    return None


def smote_without_fixed_states(settings: ExperimentDefaults) -> str | None:
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


_CHECKS: tuple[Callable[[ExperimentDefaults], str | None], ...] = (
    head_without_markers,
    margins_without_cosines,
    prompt3_before_the_sentence,
    smoothing_over_illegal_labels,
    smote_without_fixed_states,
    students_that_no_teacher_can_teach,
)


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


def _sizes_missing(params: RelationParams) -> list[str]:
    if params.encoder.name != "scratch" or params.encoder.scratch is not None:
        return []
    return [
        "encoder.scratch: is missing; encoder.name=scratch needs the sizes of the encoder to "
        "build, see experiment_defaults in conf/base."
    ]


def _longer_than_the_encoder(params: RelationParams) -> list[str]:
    """An encoder that is built has as many positions as settings say."""
    pairs = {
        "training": (params.encoder, params.training.max_tokens),
        "adapt": (params.adapt.encoder, params.adapt.max_tokens),
    }
    return [
        f"{name}.max_tokens is {max_tokens}, but the encoder to build has "
        f"{encoder.scratch.max_positions} positions; set {name}.max_tokens to that or less"
        for name, (encoder, max_tokens) in pairs.items()
        if encoder.name == "scratch"
        and encoder.scratch is not None
        and max_tokens > encoder.scratch.max_positions
    ]


def _model_conflicts(params: RelationParams) -> list[str]:
    """A composite inherits groups of models that nobody reads."""
    return [] if params.kind == "composite" else find_conflicts(params)


def _wrong_members(params: RelationParams) -> list[str]:
    """Check the members of a composite, and that nothing else has any."""
    if params.kind == "single":
        return [_members_of_single(params)] if params.members else []
    if unknown := [name for name in params.members if name not in params.experiments]:
        return [_unknown_member(name, params.experiments) for name in unknown]
    return find_member_conflicts(params.composite.name, params.targets_of_members)


def _members_of_single(params: RelationParams) -> str:
    return (
        f"members: found {params.members}, but {params.experiment} trains a model of its own; set "
        "kind: composite, or remove members"
    )


def _unknown_member(name: str, known: Iterable[str]) -> str:
    return f"members: there is no experiment {name!r}. {suggest(name, known)}"


MODEL_RULES: tuple[Callable[[RelationParams], list[str]], ...] = (
    _sizes_missing,
    _longer_than_the_encoder,
    _model_conflicts,
    _wrong_members,
)
"""Every rule about settings of a model or composite."""
