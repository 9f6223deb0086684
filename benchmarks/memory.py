"""The most memory that a process has held."""

from pathlib import Path
from resource import RUSAGE_SELF, getrusage


def read_peak_megabytes() -> float:
    """Return the most memory that this process has held.

    On Linux getrusage also counts what the process that started this one held by then; the
    kernel's status of the process does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024
