"""The columns that a file must have."""

from collections.abc import Collection


def require_columns(found: Collection[str], wanted: Collection[str], name: str) -> None:
    """Refuse a file that lacks a column or names one twice.

    Raises:
        ValueError: Naming the file, the missing columns, and all that were found and wanted.
    """
    missing = [column for column in wanted if column not in found]
    if missing:
        raise ValueError(
            f"{name} lacks {', '.join(missing)}: found {', '.join(found) or 'nothing'}; "
            f"wanted {', '.join(wanted)}."
        )
    twice = [column for column in wanted if list(found).count(column) > 1]
    if twice:
        raise ValueError(f"{name} has more than one column {', '.join(twice)}; rename all but one.")
