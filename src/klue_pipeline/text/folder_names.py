"""The one rule for names that become folders: of experiments, variants, bundles, files of new rows.

A name has to be a folder of its own on every disk that a result may be copied to: Linux, macOS and
Windows. Which names the project itself uses in a folder is asked where its catalog is known
(:mod:`klue_pipeline.runs.taken_names`).
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

MOST_BYTES = 200
"""Disks take 255; what is written beside a folder before it is whole has a longer name than it."""
_MOST_BYTES_OF_HALF = 90
"""An experiment and its variant share the name of one folder."""

VARIANT_MARK = "--"
"""Stands between an experiment and its variant in the name of their folder."""

_TYPED = re.compile(r"\w[\w.+-]*")
_FAULTS = {
    re.compile(pattern, re.IGNORECASE): reason
    for pattern, reason in {
        r"^\s*$": "it is empty",
        r"^\.+$": "it means another folder",
        r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff]": "a letter cannot be seen",
        r'[/\\:*?"<>|]': r'no folder may have one of / \ : * ? " < > | in its name',
        r"^\.": "a dot in front hides a folder",
        r"^\s|[\s.]$": "Windows drops blanks and dots at the end, and blanks in front mislead",
        r"^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?$": (
            "Windows takes it for a device"
        ),
    }.items()
}


def find_folder_fault(name: str) -> str | None:
    """Say why a name cannot be that of a folder of its own; None if it can.

    >>> find_folder_fault("새 문장 (1)") is None
    True
    >>> find_folder_fault("..")
    'it means another folder'
    >>> find_folder_fault("nul.txt")
    'Windows takes it for a device'
    """
    for pattern, reason in _FAULTS.items():
        if pattern.search(name):
            return reason
    if name != (composed := unicodedata.normalize("NFC", name)):
        return f"its letters are decomposed (NFD); copy {composed!r} from here"
    return f"it is longer than {MOST_BYTES} bytes" if len(name.encode()) > MOST_BYTES else None


def find_typed_fault(name: str) -> str | None:
    """Say why a name that is typed in settings cannot be that of a folder; None if it can.

    >>> find_typed_fault("lr3e-5"), find_typed_fault("한글_v1.2")
    (None, None)
    >>> find_typed_fault("a b")
    'letters, digits and any of . _ + - were wanted, and a letter, a digit or _ in front'
    """
    if (fault := find_folder_fault(name)) or _TYPED.fullmatch(name):
        return fault
    return "letters, digits and any of . _ + - were wanted, and a letter, a digit or _ in front"


def find_variant_fault(name: str) -> str | None:
    """Say why a variant of an experiment (``run.name``) cannot have a name; None if it can."""
    if (fault := find_typed_fault(name)) or len(name.encode()) <= _MOST_BYTES_OF_HALF:
        return fault
    return f"it is longer than {_MOST_BYTES_OF_HALF} bytes"


def find_entry_fault(name: str) -> str | None:
    """Say why an experiment of the lab book cannot have a name; None if it can.

    >>> find_entry_fault("a--b")
    "'--' stands between an experiment and its variant (run.name)"
    """
    if fault := find_variant_fault(name):
        return fault
    if VARIANT_MARK in name or name.endswith("-"):
        return f"{VARIANT_MARK!r} stands between an experiment and its variant (run.name)"
    return None


def folder_of_file(stem: str) -> str:
    """Return the name of the folder for what is made of a file, by the file's name.

    Args:
        stem: The file's name without its ending. A Mac hands it out in decomposed letters, which
            are composed here.

    Raises:
        ValueError: There can be no folder of this name.

    >>> folder_of_file("new")
    'new'
    """
    name = unicodedata.normalize("NFC", stem)
    if fault := find_folder_fault(name):
        raise ValueError(f"{stem!r} cannot name a folder: {fault}. Rename the file.")
    return name


def _checked_by(find_fault: Callable[[str], str | None]) -> AfterValidator:
    def check(name: str) -> str:
        if fault := find_fault(name):
            raise ValueError(f"{fault}; choose another name")
        return name

    return AfterValidator(check)


FolderName = Annotated[str, _checked_by(find_typed_fault)]
"""In settings, a folder of results that are there: of an experiment, a variant or a bundle."""
VariantName = Annotated[str, _checked_by(find_variant_fault)]
EntryName = Annotated[str, _checked_by(find_entry_fault)]
