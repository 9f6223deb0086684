"""A font that can draw the label names, or names that every font can draw.

Matplotlib's own font has no Hangul, draws empty boxes and warns once per letter. Label sets with
Korean names therefore need a Korean font of the machine.
"""

import logging
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from matplotlib.font_manager import findSystemFonts
from matplotlib.ft2font import FT2Font

logger = logging.getLogger(__name__)

_PREFERRED = ("nanumgothic", "notosanscjk", "notosanskr", "malgun", "applegothic", "nanum", "noto")


def drawable_names(names: Sequence[str]) -> tuple[list[str], Path | None]:
    """Return the names as they can be drawn, and the font to draw them with.

    Returns:
        The names themselves and None (matplotlib's own font) or a font of this machine; without
        a fitting font, numbered names in Latin letters, and a warning that says what to install.
    """
    letters = frozenset(letter for name in names for letter in name if not letter.isascii())
    if not letters:
        return list(names), None
    font = find_font(letters)
    if font is not None:
        return list(names), font
    logger.warning(
        "No installed font can draw %s; figures show label numbers and Latin letters instead. "
        "Install a Korean font, such as the package fonts-nanum, to see the names.",
        "".join(sorted(letters)[:5]),
    )
    return [f"{number} {to_ascii(name)}" for number, name in enumerate(names)], None


@cache
def find_font(letters: frozenset[str]) -> Path | None:
    """Return an installed font that has all of ``letters``, well-known Korean ones first."""
    for path in sorted(map(Path, findSystemFonts()), key=_preference):
        if _has_letters(path, letters):
            return path
    return None


def _preference(path: Path) -> tuple[int, bool, str]:
    stem = path.stem.lower().replace("-", "")
    rank = next((i for i, name in enumerate(_PREFERRED) if stem.startswith(name)), len(_PREFERRED))
    return rank, "regular" not in stem, str(path)


def _has_letters(path: Path, letters: frozenset[str]) -> bool:
    try:
        characters = FT2Font(str(path)).get_charmap()
    except (RuntimeError, OSError):  # not a font that FreeType reads
        return False
    return all(ord(letter) in characters for letter in letters)


def to_ascii(name: str) -> str:
    """Return ``name`` with Hangul by the syllables' Unicode names and ``?`` for other letters.

    >>> to_ascii("인물:직업"), to_ascii("한(恨)")
    ('inmul:jigeob', 'han(?)')
    """
    return "".join(_character_to_ascii(character) for character in name)


def _character_to_ascii(character: str) -> str:
    if character.isascii():
        return character
    kind, _, syllable = unicodedata.name(character, "").rpartition(" ")
    return syllable.lower() if kind == "HANGUL SYLLABLE" else "?"
