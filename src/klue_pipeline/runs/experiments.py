"""Experiments: entries of the lab book, resolved into the plain groups that nodes read.

``conf/base/parameters_experiments.yml`` holds the defaults and one entry per experiment; an entry
says only what differs. Resolution is a function from the configured parameters and those of the
command line to the parameters of a run. It knows no Kedro.
"""

import difflib
import logging
from collections.abc import Iterable, Mapping
from typing import Any

logger = logging.getLogger(__name__)

GROUPS = ("target", "input", "encoder", "head", "loss", "training", "augment", "composite")
"""What an experiment decides; each becomes ``params:<group>``."""

_KIND_OF_EXPERIMENT = {"kind": "single", "members": []}
"""What an entry says outside of groups, and what it is where it says nothing."""

_CHOSEN_BY_NAME = frozenset({"encoder", "head", "loss", "composite"})
"""Groups whose other fields belong to the chosen ``name``: another name starts from nothing."""


def resolve_experiment(configured: Mapping[str, Any], runtime: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a run: defaults, then the experiment's entry, then the command line.

    Args:
        configured: Parameters of base and environment, already merged.
        runtime: Parameters of the command line; they win.

    Returns:
        ``configured`` with ``runtime`` merged in, and the groups of the chosen experiment on top
        level.

    Raises:
        ValueError: The experiment is not in the table, in which case the message lists those that
            are; or a group is one value where its settings were wanted; or ``input.language`` is
            given, which ``text.language`` decides.
    """
    _require_own_places(configured)
    parameters = merge_settings(configured, runtime)
    entry = _find_entry(parameters["experiments"], parameters["experiment"])
    for setting in overridden_settings(entry, runtime):
        logger.warning(
            "--params %s wins over what experiment %s is about; experiment_defaults.%s changes "
            "only the experiments that do not say it themselves",
            setting,
            parameters["experiment"],
            setting,
        )
    for group in GROUPS:
        settings: dict[str, Any] = {}
        for layer in (parameters["experiment_defaults"], entry, runtime):
            if layer.get(group) is not None:
                settings = merge_group(group, settings, layer[group])
        parameters[group] = settings
    parameters["input"] = input_in_language(parameters["input"], parameters.get("text"))
    _drop_other_prior(parameters, runtime)
    for name, usual in _KIND_OF_EXPERIMENT.items():
        parameters[name] = runtime.get(name, entry.get(name, usual))
    parameters["about"] = {
        "experiment": parameters["experiment"],
        "folder": folder_name(parameters["experiment"], (parameters.get("run") or {}).get("name")),
        "why": entry.get("why", ""),
        "members": parameters["members"],
    }
    return parameters


def input_in_language(settings: Mapping[str, Any], text: Any) -> dict[str, Any]:
    """Add the language of the text to the settings of ``input``, with its words for entity types.

    Words that ``settings`` has itself win. A language that ``text`` has no words for is left to the
    check of all parameters to refuse.

    Args:
        settings: The group ``input``, merged from its layers.
        text: The group ``text``: the only place where the language is said.

    Raises:
        ValueError: ``settings`` says a language too.

    >>> text = {"language": "en", "type_words": {"en": {"PER": "person", "ORG": "organization"}}}
    >>> input_in_language({"type_words": {"ORG": "company"}}, text)
    {'language': 'en', 'type_words': {'PER': 'person', 'ORG': 'company'}}
    """
    if "language" in settings:
        raise ValueError(
            f"Settings are wrong:\n  input.language: found {settings['language']!r}, but what "
            "decides the language of a run is text.language; set that instead"
        )
    match text:
        case {"language": str(language), "type_words": {**words}} if language in words:
            usual = {"language": language, "type_words": words[language]}
            return merge_settings(usual, settings)
    return dict(settings)


def overridden_settings(entry: Mapping[str, Any], runtime: Mapping[str, Any]) -> list[str]:
    """Name the settings that both an experiment's entry and the command line say, differently.

    >>> overridden_settings({"encoder": {"name": "adapted"}}, {"encoder": {"name": "my/encoder"}})
    ['encoder.name']
    """
    found = []
    for group in GROUPS:
        own, given = entry.get(group), runtime.get(group)
        if isinstance(own, Mapping) and isinstance(given, Mapping):
            both = [name for name in own if name in given and given[name] != own[name]]
            found += [f"{group}.{name}" for name in both]
    return found


def merge_settings(former: Mapping[str, Any], latter: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two nested mappings; on a clash the latter wins, mappings are merged in turn.

    >>> merge_settings({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}})
    {'a': {'b': 3, 'c': 2}}
    """
    merged = dict(former)
    for key, value in latter.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = merge_settings(below, value) if both else value  # type: ignore[arg-type]
    return merged


def merge_group(group: str, former: Mapping[str, Any], latter: Mapping[str, Any]) -> dict[str, Any]:
    """Merge one group of an experiment; a loss, head or encoder of another name starts afresh.

    >>> merge_group("loss", {"name": "focal", "gamma": 2.0}, {"name": "cross_entropy"})
    {'name': 'cross_entropy'}
    >>> merge_group("training", {"epochs": 3, "seed": 1}, {"epochs": 5})
    {'epochs': 5, 'seed': 1}

    Raises:
        ValueError: ``latter`` is one value, such as the name alone.
    """
    if not isinstance(latter, Mapping):
        raise ValueError(  # noqa: TRY004 - what is wrong with settings is a ValueError
            f"Settings are wrong:\n  {group}: found {latter!r}; its settings one by one were "
            f"wanted, such as {group}.{next(iter(former), 'name')}=..."
        )
    other_name = "name" in latter and latter["name"] != former.get("name")
    if group in _CHOSEN_BY_NAME and other_name:
        return dict(latter)
    return merge_settings(former, latter)


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Say which known names are near a wrong one, or list them all.

    >>> suggest("epoch", ["epochs", "seed"])
    'Did you mean epochs?'
    >>> suggest("zzz", ["epochs", "seed"])
    'Known are: epochs, seed.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(wrong, names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(names)}."


def folder_name(experiment: str, run_name: str | None) -> str:
    """Return the folder of an experiment's results; a run name gives a variant its own.

    >>> folder_name("baseline", None), folder_name("baseline", "lr3e5")
    ('baseline', 'baseline--lr3e5')
    """
    return f"{experiment}--{run_name}" if run_name else experiment


def entry_of(folder: str) -> str:
    """Return the experiment whose results a folder holds.

    >>> entry_of("baseline"), entry_of("baseline--lr3e5")
    ('baseline', 'baseline')
    """
    return folder.partition("--")[0]


def _drop_other_prior(parameters: dict[str, Any], runtime: Mapping[str, Any]) -> None:
    """Leave out shares of labels that a file gives for another test file than this run's."""
    evaluation = parameters.get("evaluation") or {}
    prior = evaluation.get("target_prior") or {}
    own = (runtime.get("evaluation") or {}).get("target_prior")
    test = (parameters.get("raw") or {}).get("test")
    if own or prior.get("source") != "given" or prior.get("given_for") in {None, test}:
        return
    logger.info(
        "The given shares of labels (evaluation.target_prior) are those of %s, not of %s: scores "
        "are told without them. If you know yours, give evaluation.target_prior.negative_share or "
        "shares, with given_for=%s.",
        prior["given_for"],
        test,
        test,
    )
    silent = {"source": "none", "negative_share": None, "shares": None}
    parameters["evaluation"] = {**evaluation, "target_prior": {**prior, **silent}}


def _require_own_places(configured: Mapping[str, Any]) -> None:
    """Refuse groups of an experiment at the top level of a file, where nothing reads them."""
    misplaced = [group for group in GROUPS if group in configured]
    if misplaced:
        lines = "\n".join(
            f"  {group}: belongs to experiments; put it under experiment_defaults, for all of "
            "them, or into an entry of experiments, or give it by --params for one run"
            for group in misplaced
        )
        raise ValueError(f"Settings are wrong:\n{lines}")


def _find_entry(experiments: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if name not in experiments:
        hint, names = suggest(str(name), experiments), ", ".join(sorted(experiments))
        rest = "" if names in hint else f" All: {names}."
        raise ValueError(
            f"There is no experiment {name!r} in parameters_experiments.yml. {hint}{rest}"
        )
    # An entry without a word is for the check of all parameters to refuse.
    entry: Mapping[str, Any] = experiments[name] or {}
    return entry
