"""``bundle.json``: what a bundle is of, and whether its files are those that were written.

The version of the format is ``major.minor``. Another major version is refused. A newer minor one
only adds fields, which are passed over; in a version that is known here an unknown field is an
error.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.training.fingerprint import file_sha256

logger = logging.getLogger(__name__)

MANIFEST = "bundle.json"

_COPY_AGAIN = "copy the whole folder again"
_SHOWN_DIGITS = 8

Description = TypeVar("Description", bound=ExperimentDescription)


@dataclass(frozen=True)
class BundleFormat(Generic[Description]):
    """What a kind of bundle is made of.

    Attributes:
        name: What it is called in the manifest.
        what: What a person calls it.
        files: The files beside the manifest.
        description: What it says about itself.
        made_by: The pipeline that exports it.
        major: The version of the format: readers of another major one refuse it.
        minor: Raised when fields are added.
    """

    name: str
    what: str
    files: tuple[str, ...]
    description: type[Description]
    made_by: str
    major: int = 1
    minor: int = 0


class Manifest(BaseModel, Generic[Description]):
    """The content of ``bundle.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    version: str
    files: dict[str, str]
    """SHA-256 of each file, as 64 hexadecimal digits."""
    experiment: Description


def write_manifest(folder: Path, experiment: Description, form: BundleFormat[Description]) -> None:
    """Describe the files of a bundle that lie in ``folder``."""
    manifest = Manifest[form.description](  # type: ignore[name-defined]
        format=form.name,
        version=f"{form.major}.{form.minor}",
        files={name: file_sha256(folder / name) for name in form.files},
        experiment=experiment,
    )
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path, form: BundleFormat[Description]) -> Description:
    """Read what ``folder`` says it holds, and check that its files are exactly those.

    Only files of the format's fixed names are ever opened, whatever the manifest lists.

    Raises:
        ValueError: A file is missing, damaged or a link to somewhere else, or the manifest is of
            another program, of another major version, or wrong.
        OSError: A file cannot be read.
    """
    for name in (MANIFEST, *form.files):
        _require_own_file(folder / name)
    manifest = _parse(_read_json(folder / MANIFEST, form), form)
    if sorted(manifest.files) != sorted(form.files):
        raise ValueError(
            f"{MANIFEST} lists the files {sorted(manifest.files)}; a bundle has "
            f"{' and '.join(form.files)}"
        )
    for name, wanted in manifest.files.items():
        if (found := file_sha256(folder / name)) != wanted:
            raise ValueError(
                f"{name} was changed or damaged on its way: its SHA-256 is "
                f"{found[:_SHOWN_DIGITS]}…, {MANIFEST} says {wanted[:_SHOWN_DIGITS]}…; "
                f"{_COPY_AGAIN}"
            )
    return manifest.experiment


def _require_own_file(path: Path) -> None:
    if path.is_symlink():
        raise ValueError(
            f"{path.name} is a link to somewhere else; a bundle holds its files itself, so "
            f"{_COPY_AGAIN}"
        )
    if not path.is_file():
        raise ValueError(f"{path.name} is missing; {_COPY_AGAIN}")


def _read_json(path: Path, form: BundleFormat[Any]) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{MANIFEST} is no JSON ({error}); {_COPY_AGAIN}") from error
    if not isinstance(content, dict) or content.get("format") != form.name:
        raise ValueError(
            f"{MANIFEST} was not written by this project's {form.made_by} pipeline (its format is "
            f"not {form.name}); export the experiment with kedro run --pipelines {form.made_by}"
        )
    return content


def _parse(content: Mapping[str, Any], form: BundleFormat[Description]) -> Manifest[Description]:
    if _is_newer(content.get("version"), form):
        content = _without_unknown_fields(content, form)
    try:
        return Manifest[form.description].model_validate(content)  # type: ignore[name-defined]
    except ValidationError as error:
        problems = "; ".join(explain_errors(error))
        raise ValueError(f"{MANIFEST} is wrong: {problems}; export the experiment again") from None


def _is_newer(version: object, form: BundleFormat[Any]) -> bool:
    """Tell whether a version may have fields that are not known here.

    Raises:
        ValueError: It is no version, or of another major one.
    """
    match = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", str(version))
    if match is None or int(match[1]) != form.major:
        raise ValueError(
            f"{MANIFEST} is of version {version!r}; {form.major}.x can be read here: use the same "
            "release of klue_pipeline on both sides and export the experiment again"
        )
    return int(match[2]) > form.minor


def _without_unknown_fields(content: Mapping[str, Any], form: BundleFormat[Any]) -> dict[str, Any]:
    experiment = content.get("experiment")
    known = _known_fields(content, Manifest)
    if isinstance(experiment, Mapping):
        known["experiment"] = _known_fields(experiment, form.description)
    return known


def _known_fields(content: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    if unknown := sorted(content.keys() - model.model_fields.keys()):
        logger.info("%s is newer than this release: passing over %s", MANIFEST, ", ".join(unknown))
    return {name: value for name, value in content.items() if name in model.model_fields}
