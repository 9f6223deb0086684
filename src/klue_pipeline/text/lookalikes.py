"""Names that look the same and are not: in another Unicode form, in other case, with odd blanks."""

from collections import defaultdict
from collections.abc import Iterable
from unicodedata import category, normalize

from klue_pipeline.text.shortened import shorten


def composed(name: str) -> str:
    r"""Return a name with composed letters, single blanks, nothing invisible: what an eye sees.

    >>> composed("관계\u00a0 없음") == "관계 없음"
    True
    """
    visible = "".join(letter for letter in name if category(letter) != "Cf")
    return " ".join(normalize("NFC", visible).split())


def groups_that_look_alike(names: Iterable[str], *, ignore_case: bool = False) -> list[list[str]]:
    """Return the names that an eye hardly tells apart, group by group.

    Args:
        names: Different names.
        ignore_case: Whether names that differ by case only look alike, too.

    >>> groups_that_look_alike(["Supplies", "supplies", "owns"], ignore_case=True)
    [['Supplies', 'supplies']]
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        key = composed(name)
        alike[key.casefold() if ignore_case else key].append(name)
    return [group for group in alike.values() if len(group) > 1]


def hint_at_lookalikes(found: Iterable[str], known: Iterable[str]) -> str:
    """Return a remark on names that are known in another spelling; nothing where there are none.

    >>> hint_at_lookalikes(["per:Spouse"], ["no_relation", "per:spouse"])
    " 'per:Spouse' is 'per:spouse' in other case."
    """
    by_look = {composed(name).casefold(): name for name in known}
    exact = set(by_look.values())
    for name in found:
        other = by_look.get(composed(name).casefold())
        if other is not None and name not in exact:
            how = _difference(name, other)
            return f" {_show(name, how)} is {_show(other, how)} in {how}."
    return ""


def _difference(name: str, other: str) -> str:
    if normalize("NFC", name) == normalize("NFC", other):
        return "another Unicode form (bring both to NFC)"
    return "other case" if composed(name) != composed(other) else "other blanks"


def _show(name: str, how: str) -> str:
    return shorten(ascii(name) if how.startswith("another Unicode") else repr(name))
