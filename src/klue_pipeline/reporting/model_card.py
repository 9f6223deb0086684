"""What the cards of all exported models have in common: the hub's metadata, licences, sources.

A card names no place on the machine that made it.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.reporting.licences import LicenceParams
from klue_pipeline.text.counts import counted
from klue_pipeline.text.folder_names import VARIANT_MARK
from klue_pipeline.training.params import EncoderParams

HUB_PREFIX = "hub:"

_HUB_ID = re.compile(r"(?!\.)[\w.-]+(/[\w.-]+)?", re.ASCII)
_SCRATCH = "scratch"


def write_front_matter(
    *,
    language: str,
    pipeline_tag: str,
    tags: Sequence[str],
    encoder: str,
    source: str,
    licence: str | None,
) -> str:
    """Return the metadata that the Hugging Face hub reads, as YAML.

    Args:
        language: Of the texts.
        pipeline_tag: What the hub calls the task.
        tags: More words that it is found by.
        encoder: What the training started from.
        source: Where the training rows came from.
        licence: Of the model.
    """
    from huggingface_hub import ModelCardData

    known, other_licence = _front_licence(licence)
    entries = ModelCardData(
        language=[language],
        library_name="klue_pipeline",
        pipeline_tag=pipeline_tag,
        tags=list(tags),
        base_model=encoder if is_hub_id(encoder) else None,
        datasets=[source.split(":")[1]] if source.startswith(HUB_PREFIX) else None,
        license=known,
        license_name=other_licence,
    )
    return entries.to_yaml() + "\n"


def _front_licence(licence: str | None) -> tuple[str | None, str | None]:
    """Return the hub's name of a licence, SPDX's in lower case, or ``other`` and what it says."""
    if licence is None:
        return None, None
    try:
        known = canonicalize_license_expression(licence).lower()
    except InvalidLicenseExpression:
        return "other", licence
    return ("other", licence) if " " in known else (known, None)  # several, as in MIT OR X


def state_licences(
    params: LicenceParams, sources: Mapping[str, str | None], setting: str
) -> dict[str, str]:
    """Say the licence of each thing, or what to set to say it.

    Args:
        params: What is stated and known.
        sources: Names of the fields of ``licences``, and where each thing came from.
        setting: Where the settings are.
    """
    said = {}
    for what, source in sources.items():
        stated = getattr(params.licences, what)
        known = params.licence_of(source) if source else None
        unstated = f"not stated: set {setting}.licences.{what}"
        said[what] = stated or known or unstated
    if sources.get("encoder") == _SCRATCH:
        said["encoder"] = "none; built from scratch"
    return said


def without_folders(source: str) -> str:
    """Return a source as the user wrote it, or the last part of an absolute path.

    >>> without_folders("hub:klue:re:train"), without_folders("/home/me/secret/train.csv")
    ('hub:klue:re:train', 'train.csv')
    """
    windows = PureWindowsPath(source)  # it knows both kinds of slashes
    is_absolute = bool(windows.drive or windows.root) and not source.startswith(HUB_PREFIX)
    return windows.name if is_absolute or source.startswith("~") else source


def is_hub_id(encoder: str) -> bool:
    """Tell whether an encoder's name is that of a model on the hub, not a folder.

    >>> is_hub_id("klue/roberta-large"), is_hub_id("scratch"), is_hub_id("../my/encoder")
    (True, False, False)
    """
    return bool(_HUB_ID.fullmatch(encoder)) and encoder != _SCRATCH and not Path(encoder).is_dir()


def describe_encoder(encoder: EncoderParams) -> str:
    """Say what a training started from."""
    kept = encoder.num_hidden_layers
    layers = "" if kept is None else f", {counted(kept, 'layer')}"
    if encoder.name == _SCRATCH:
        return f"built small from scratch{layers}; it has read nothing but the training rows"
    revision = "" if encoder.revision is None else f", revision {encoder.revision}"
    if is_hub_id(encoder.name):
        return f"{encoder.name}{revision}{layers}"
    return f"from a folder named {PureWindowsPath(encoder.name).name}{layers}"


def name_run(about: AboutParams, setting: str) -> str:
    """Return what to give to ``--params`` for this experiment or variant.

    Args:
        about: The experiment.
        setting: What names it.
    """
    variant = about.folder.removeprefix(about.experiment).removeprefix(VARIANT_MARK)
    return f"{setting}={about.experiment}" + (f",run.name={variant}" if variant else "")
