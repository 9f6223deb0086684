"""Functions of nodes that workers of a cluster import: what they do shows in files."""

import logging
import os
import signal
import time
from pathlib import Path


def note(folder, name):
    """Leave the number of this process, once for each time that a node was begun."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")


def begun(folder, name):
    """In which processes a node was begun."""
    path = Path(folder) / name
    return path.read_text().split() if path.exists() else []


def meet(folder, own, other):
    """Wait for another node to begin, which only one side by side with this one can."""
    note(folder, own)
    while not begun(folder, other):
        time.sleep(0.01)
    return own


def meet_second(folder):
    return meet(folder, "first", "second")


def meet_first(folder):
    return meet(folder, "second", "first")


def join(first, second):
    return [first, second]


def die_once(folder):
    note(folder, "die_once")
    if len(begun(folder, "die_once")) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


def die_always(folder):
    note(folder, "die_always")
    os.kill(os.getpid(), signal.SIGKILL)


def fail(folder):
    note(folder, "fail")
    raise ValueError("no such file")


class OddError(Exception):
    """One that cannot be made anew from what it was made from, so that no pickle of it opens."""

    def __init__(self, one, two):
        super().__init__(one)


def fail_oddly(folder):
    raise OddError(folder, 2)


def log_lines(folder):
    logger = logging.getLogger("klue_pipeline.cluster_nodes")
    logger.debug("nobody wants to know")
    logger.info("100%% [/b] of %d rows", 2)
    try:
        fail(folder)
    except ValueError:
        logger.exception("it failed")
    return "logged"


def follow(failed):
    return "must not run"


def work(folder):
    note(folder, "work")
    return "done"


def tell_surroundings(folder):
    return {"folder": str(Path.cwd()), "parent": os.environ.get("KLUE_MLFLOW_PARENT")}


def work_for_ever(folder):
    note(folder, "work_for_ever")
    while True:
        (Path(folder) / "beat").touch()
        time.sleep(0.05)
