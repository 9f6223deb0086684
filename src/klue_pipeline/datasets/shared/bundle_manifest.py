"""``bundle.json``: what a score bundle is of, and whether its files are those that were written.

The version of the format is ``major.minor``. Another major version is refused. A newer minor one
only adds fields, which are passed over; in a version that is known here an unknown field is an
error.
"""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.evaluation.bundles import BundleDescription
from klue_pipeline.training.fingerprint import file_sha256

logger = logging.getLogger(__name__)

MANIFEST = "bundle.json"
OUT_OF_FOLD = "out_of_fold.parquet"
TEST_SCORES = "test_scores.parquet"
SCORE_FILES = (OUT_OF_FOLD, TEST_SCORES)

FORMAT = "klue_pipeline.score_bundle"
MAJOR, MINOR = 1, 0

_COPY_AGAIN = "copy the whole folder again"
_SHOWN_DIGITS = 8


class Manifest(BaseModel):
    """The content of ``bundle.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    version: str
    files: dict[str, str]
    """SHA-256 of each score file, as 64 hexadecimal digits."""
    experiment: BundleDescription


def write_manifest(folder: Path, experiment: BundleDescription) -> None:
    """Describe the score files that lie in ``folder``."""
    manifest = Manifest(
        format=FORMAT,
        version=f"{MAJOR}.{MINOR}",
        files={name: file_sha256(folder / name) for name in SCORE_FILES},
        experiment=experiment,
    )
    text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> BundleDescription:
    """Read what ``folder`` says it holds, and check that its score files are exactly those.

    Only files of three fixed names are ever opened, whatever the manifest lists.

    Raises:
        ValueError: A file is missing, damaged or a link to somewhere else, or the manifest is of
            another program, of another major version, or wrong.
        OSError: A file cannot be read.
    """
    for name in (MANIFEST, *SCORE_FILES):
        _require_own_file(folder / name)
    manifest = _parse(_read_json(folder / MANIFEST))
    if sorted(manifest.files) != sorted(SCORE_FILES):
        raise ValueError(
            f"{MANIFEST} lists the files {sorted(manifest.files)}; a bundle has "
            f"{' and '.join(SCORE_FILES)}"
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


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{MANIFEST} is no JSON ({error}); {_COPY_AGAIN}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{MANIFEST} was not written by this project's bundle pipeline (its format is not "
            f"{FORMAT}); export the experiment with kedro run --pipelines bundle"
        )
    return content


def _parse(content: Mapping[str, Any]) -> Manifest:
    if _is_newer(content.get("version")):
        content = _without_unknown_fields(content)
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(explain_errors(error))
        raise ValueError(f"{MANIFEST} is wrong: {problems}; export the experiment again") from None


def _is_newer(version: object) -> bool:
    """Tell whether a version may have fields that are not known here.

    Raises:
        ValueError: It is no version, or of another major one.
    """
    match = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", str(version))
    if match is None or int(match[1]) != MAJOR:
        raise ValueError(
            f"{MANIFEST} is of version {version!r}; {MAJOR}.x can be read here: use the same "
            "release of klue_pipeline on both sides and export the experiment again"
        )
    return int(match[2]) > MINOR


def _without_unknown_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    experiment = content.get("experiment")
    known = _known_fields(content, Manifest)
    if isinstance(experiment, Mapping):
        known["experiment"] = _known_fields(experiment, BundleDescription)
    return known


def _known_fields(content: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    if unknown := sorted(content.keys() - model.model_fields.keys()):
        logger.info("%s is newer than this release: passing over %s", MANIFEST, ", ".join(unknown))
    return {name: value for name, value in content.items() if name in model.model_fields}
