"""Facts about a run that its settings do not say: code, data, versions, and which process it is.

Nothing here needs MLflow. What cannot be found out (no git, no ``/proc``) is None, never an error.
"""

import getpass
import logging
import os
import shutil
import socket
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import klue_pipeline

logger = logging.getLogger(__name__)

GIT_TIMEOUT_SECONDS = 20
VERSIONED_PACKAGES = ("kedro", "mlflow", "torch", "transformers", "tokenizers", "datasets")


class GitState(NamedTuple):
    """The commit that is checked out, and whether the files differ from it."""

    commit: str
    dirty: bool
    """Changed, staged or new files; files that git ignores do not count."""


class ProcessIdentity(NamedTuple):
    """Names one process for good: a pid alone is given to another process sooner or later."""

    host: str
    pid: int
    start: str | None
    """Start time in clock ticks since boot; None where there is no ``/proc``."""
    boot: str | None = None
    """Which boot that was; None where it was not noted, or there is no ``/proc``."""


def git_state(folder: Path) -> GitState | None:
    """Return commit and cleanness of the work tree around ``folder``; None outside of git."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    changes = _git(folder, "status", "--porcelain")
    return GitState(commit=commit.strip(), dirty=changes is None or bool(changes.strip()))


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, or None if it is not installed, refuses or hangs."""
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program and our own words, no shell
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=GIT_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.debug("git did not answer in %s: %s", folder, error)
        return None
    return done.stdout if done.returncode == 0 else None


def package_versions() -> dict[str, str]:
    """Return the versions that can change a result, by package, without importing any of them."""
    found = {"klue_pipeline": klue_pipeline.version.__version__}
    for package in VERSIONED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def this_process() -> ProcessIdentity:
    """Return the identity of the running process."""
    pid = os.getpid()
    return ProcessIdentity(socket.gethostname(), pid, process_start(pid), _boot_id())


def user_name() -> str | None:
    """Return who runs this; None for a user without a name, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return None


def is_dead(process: ProcessIdentity) -> bool:
    """Tell whether a process of this host is over, also when its pid now belongs to another.

    A process of another host is never called dead: from here nobody can know.
    """
    if process.host != socket.gethostname():
        return False
    if None not in (process.boot, boot := _boot_id()) and process.boot != boot:
        return True
    if not _pid_exists(process.pid):
        return True
    start_now = process_start(process.pid)
    return None not in (process.start, start_now) and process.start != start_now


def _boot_id() -> str | None:
    """Return what Linux calls the time since it was switched on; None elsewhere."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def process_start(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; None if ``/proc`` does not say."""
    fields = _stat_fields(pid)
    return fields[19] if fields else None  # field 22 of proc_pid_stat(5), after pid and name


def _pid_exists(pid: int) -> bool:
    """Tell whether the system has a living process of this number; unsure counts as yes."""
    fields = _stat_fields(pid)
    if fields:
        return fields[0] not in ("Z", "X")  # killed, but its parent has not looked yet
    if os.name != "posix":
        return True  # on Windows os.kill(pid, 0) would send Ctrl-C
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/<pid>/stat`` from the state on; the name may hold blanks."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()
