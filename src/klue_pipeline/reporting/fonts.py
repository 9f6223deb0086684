"""A font that can draw Korean names, and names that the font can draw.

Matplotlib's own font has no Hangul, draws empty boxes and warns once per letter. The installed
package ``koreanize-matplotlib`` brings NanumGothic along, so that figures look the same everywhere;
only its font file is used, because importing the package changes matplotlib's settings.
"""

import logging
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, findSystemFonts
from matplotlib.ft2font import FaceFlags, FT2Font

logger = logging.getLogger(__name__)

_FONT_PACKAGE, _FONT_FILE = "koreanize_matplotlib", "NanumGothic.ttf"
_TITLE_POINTS = 12
_PREFERRED = ("nanumgothic", "notosanscjk", "notosanskr", "malgun", "applegothic", "nanum", "noto")


def drawable_names(names: Sequence[str]) -> tuple[list[str], Path | None]:
    """Return the names as they can be drawn, and the font to draw them with.

    Returns:
        The names, and None (matplotlib's own font) or the file of a font. Letters that the font
        does not have, such as emoji and rare Hanja, are written as their code point (U+1F600).
        Without any font for Hangul, syllables are written in Latin letters, and a warning says
        what to install.
    """
    letters = frozenset(letter for name in names for letter in name)
    if all(letter.isascii() and letter.isprintable() for letter in letters):
        return list(names), None
    font = find_font(letters)
    missing = letters - _letters_of(font)
    if any(_is_hangul(letter) for letter in missing):
        logger.warning(
            "No installed font can draw %s; figures show Latin letters instead. Install the "
            "package koreanize-matplotlib, or a Korean font such as fonts-nanum.",
            "".join(sorted(filter(_is_hangul, missing))[:5]),
        )
    return [_spell(name, missing) for name in names], font


def write_title(chart: Axes | Figure, title: str) -> None:
    """Write the title of a chart, or of a figure with several.

    It may have whatever letters names have; no formula is read from it.
    """
    drawn, path = drawable_names([title])
    font = FontProperties(fname=path, size=_TITLE_POINTS)
    write = chart.suptitle if isinstance(chart, Figure) else chart.set_title
    write(drawn[0], fontproperties=font, parse_math=False)


@cache
def find_font(letters: frozenset[str]) -> Path:
    """Return the font that has the most of ``letters``.

    Of equally good ones NanumGothic comes first, then matplotlib's own font, then the fonts of
    this machine, well-known Korean ones before others.
    """
    best = None
    for path in _candidates():
        n_missing = len(letters - _letters_of(path))
        if best is None or n_missing < best[0]:
            best = n_missing, path
        if n_missing == 0:
            break
    return best[1] if best else _own_font()


def _candidates() -> Iterator[Path]:
    """Yield fonts from the most to the least wanted; the machine is searched only if need be."""
    yield from filter(None, [_packaged_font()])
    yield _own_font()
    yield from sorted(map(Path, findSystemFonts()), key=_preference)


def _packaged_font() -> Path | None:
    package = find_spec(_FONT_PACKAGE)
    folders = package.submodule_search_locations if package else None
    found = [path for folder in folders or [] for path in Path(folder).rglob(_FONT_FILE)]
    return found[0] if found else None


def _own_font() -> Path:
    return Path(findfont("DejaVu Sans"))


def _preference(path: Path) -> tuple[int, bool, str]:
    stem = path.stem.lower().replace("-", "")
    rank = next((i for i, name in enumerate(_PREFERRED) if stem.startswith(name)), len(_PREFERRED))
    return rank, "regular" not in stem, str(path)


@cache
def _letters_of(path: Path) -> frozenset[str]:
    """Return what a font can draw in any size; nothing that would not be seen counts."""
    try:
        font = FT2Font(str(path))
    except (RuntimeError, OSError):  # not a font that FreeType reads
        return frozenset()
    if not font.face_flags & FaceFlags.SCALABLE:  # colour emoji are pictures of one size
        return frozenset()
    return frozenset(letter for letter in map(chr, font.get_charmap()) if letter.isprintable())


def _spell(name: str, missing: frozenset[str]) -> str:
    return "".join(spell_letter(letter) if letter in missing else letter for letter in name)


def spell_letter(letter: str) -> str:
    """Write a letter that cannot be drawn: a syllable by its sound, others by their code point.

    >>> spell_letter("물"), spell_letter("恨"), spell_letter(chr(0x1F600))
    ('mul', 'U+6068', 'U+1F600')
    """
    if _is_hangul(letter):
        return unicodedata.name(letter).rpartition(" ")[2].lower()
    return f"U+{ord(letter):04X}"


def _is_hangul(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("HANGUL SYLLABLE ")
