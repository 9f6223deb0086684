"""Where a trial keeps its resume state: gone once the trial is over, however it ends by itself."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def trial_folder(folder: Path) -> Iterator[Path]:
    """Yield the folder of a trial, and remove it after the trial came to its end or was pruned.

    A trial that failed or was killed is tried once more, and goes on from what is there.

    Args:
        folder: May not exist yet, and need not be made.
    """
    from optuna import TrialPruned

    try:
        yield folder
    except TrialPruned:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
