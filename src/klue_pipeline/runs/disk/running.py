"""Which runs are under way in a data folder, so that two never work on the same results.

Each run says in a small file what it reads and writes, and removes the file at its end. What a dead
process left there holds nobody up. Runs of two experiments, or of two folds of one, do not meet.
Where the results are in a bucket, so are these files. A bucket has no lock: each run says first
what it does and looks at the others then, so that of two that start at once one or both give way.
"""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_serializer

from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.runs.disk.mirror.address import address_of
from klue_pipeline.runs.disk.mirror.fetching import fetch
from klue_pipeline.runs.disk.mirror.sending import send_file
from klue_pipeline.runs.disk.mutex import one_at_a_time
from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process

logger = logging.getLogger(__name__)

_SHOWN = 3


class Claim(BaseModel):
    """What one run says of itself to others."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    experiment: str
    process: ProcessIdentity = Field(default_factory=this_process)
    started_at: AwareDatetime = Field(default_factory=lambda: datetime.now().astimezone())
    writes: dict[str, str]
    """Results that one run alone may write, by their path: the name of the dataset."""
    reads: dict[str, str]
    """What it reads, in the same way."""
    shared: dict[str, str]
    """What belongs to all experiments: name of the dataset, and a hash of what makes it."""

    @field_serializer("process")
    def _name_process_fields(self, process: ProcessIdentity) -> dict[str, Any]:
        return process._asdict()

    def clash_with(self, other: "Claim") -> tuple[str, list[str]]:
        """Return why two runs cannot be under way together, and over which datasets.

        The list is empty where they can.
        """
        ours, theirs = self.writes.keys(), other.writes.keys()
        paths = (ours & theirs) | (ours & other.reads.keys()) | (self.reads.keys() & theirs)
        if paths:
            names = {**self.reads, **self.writes}
            return "works on the same results", sorted({names[path] for path in paths})
        differing = self.shared.items() ^ other.shared.items()
        both = {name for name, _ in differing} & self.shared.keys() & other.shared.keys()
        return "makes what all experiments share with other settings", sorted(both)


def announce(folder: Path, claim: Claim) -> Path:
    """Say what a run is about to do.

    Args:
        folder: Where all runs of a data folder say so.
        claim: What this one does.

    Returns:
        The file to remove at the end.

    Raises:
        ValueError: Another run is in the way; the message names its process.
        OSError: The folder cannot be written.
    """
    host, pid, start, _ = claim.process
    own = folder / f"{host}-{pid}-{start or ''}.json"
    with one_at_a_time(folder):
        _require_room_among(claim, folder)
        write_text(own, claim.model_dump_json(indent=1))
        if address_of(folder) is not None:
            send_file(own)
            try:
                _require_room_among(claim, folder)
            except BaseException:
                withdraw(own)
                raise
    return own


def withdraw(own: Path) -> None:
    """Say that a run is over, whatever happens: others can be told by hand.

    Args:
        own: What :func:`announce` returned.
    """
    try:
        own.unlink(missing_ok=True)
        send_file(own)
    except OSError as error:  # the disk may have become read-only, or the network be gone
        logger.warning(
            "Others may think that this run is still under way; remove %s (%s)",
            address_of(own) or own,
            error,
        )


def runs_under_way(folder: Path) -> list[Claim]:
    """Return what the runs say that are under way in a data folder."""
    fetch(folder)
    claims = (_read(path) for path in sorted(folder.glob("*.json")))
    return [claim for claim in claims if claim is not None and not is_dead(claim.process)]


def _require_room_among(claim: Claim, folder: Path) -> None:
    fetch(folder)
    for path in sorted(folder.glob("*.json")):
        _require_room(claim, path)


def _require_room(claim: Claim, path: Path) -> None:
    other = _read(path)
    if other is not None and other.process == claim.process:
        return
    if other is None or is_dead(other.process):
        path.unlink(missing_ok=True)
        send_file(path)
        return
    why, names = claim.clash_with(other)
    if names:
        raise ValueError(_refusal(other, why, names, path))


def _read(path: Path) -> Claim | None:
    try:
        return Claim.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, ValueError):
        return None


def _refusal(other: Claim, why: str, names: list[str], path: Path) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    host, pid, _, _ = other.process
    doubt = (
        ""
        if host == this_process().host
        else f"\nNobody here can tell whether a process of {host} still runs; if it does not, "
        f"remove {address_of(path) or path}."
    )
    return (
        f"Another run {why} ({', '.join(names[:_SHOWN])}{more}): experiment {other.experiment}, "
        f"process {pid} on {host}, started {other.started_at:%Y-%m-%d %H:%M:%S}.\nWait for its "
        "end, or give this run a folder of its own: --params run.name=... for an experiment, an "
        f"environment with a data_root of its own for what all share.{doubt}"
    )
