"""A lock on a folder for the moment of looking and writing."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MUTEX = ".mutex"


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep other processes out for the moment of looking and writing; the system forgets the dead.

    File systems and systems without such locks go without.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"The data folder {folder.parent} cannot be written ({error.strerror}); change who "
            "may, or set another data_root (conf/<name>/globals.yml)."
        ) from error
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl

            file = stack.enter_context((folder / _MUTEX).open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
