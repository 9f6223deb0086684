"""A number with its noun, as a reader says it."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write how many of a thing there are.

    Args:
        count: How many.
        noun: What one is called.
        plural: What several are called, where that is not the noun with an s.

    >>> counted(1, "row"), counted(1200, "test row"), counted(0, "entry", "entries")
    ('1 row', '1,200 test rows', '0 entries')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
