"""From the bucket into the local copy: what was made or changed elsewhere, and what is gone there.

Which side is right follows from what both were like when they were the same. What changed in the
bucket is taken; what changed here alone has not been sent yet, and stays.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from klue_pipeline.runs.disk.mirror.address import address_of, stays_local
from klue_pipeline.runs.disk.mirror.files import list_local, places_for, remove_local
from klue_pipeline.runs.disk.mirror.notes import SENDING, LocalState, Note, Notes, local_state
from klue_pipeline.runs.disk.mirror.store import Store, VanishedError
from klue_pipeline.runs.disk.mirror.units import Unit, group_files
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)

State = Literal["changed there", "changed here", "known"]

_TRIES = 3
_FILES_AT_ONCE = 64


@dataclass(frozen=True)
class Sides:
    """Both sides of a folder, by names relative to it.

    Attributes:
        there: Signs of the files in the bucket.
        here: States of the local files.
        known: What both were like when they were last the same.
    """

    there: Mapping[str, str]
    here: Mapping[str, LocalState]
    known: Mapping[str, Note]

    def names_of(self, unit: Unit) -> list[str]:
        """Return the files of a result, what made it last."""
        return [*sorted(unit.files), unit.origin]

    def changed_there(self, name: str) -> bool:
        """Tell whether a file in the bucket is another than it was, new, or gone."""
        note = self.known.get(name)
        return self.there.get(name) != (note.token if note else None)

    def changed_here(self, name: str) -> bool:
        """Tell whether a local file is another than it was, or new; one that is gone is not."""
        state, note = self.here.get(name), self.known.get(name)
        return state is not None and state != (note.local if note else None)

    def state_of(self, unit: Unit) -> State:
        """Tell on which side a result changed; where on both, the bucket's counts."""
        names = self.names_of(unit)
        on_its_way = any(note.token == SENDING for note in map(self.known.get, names) if note)
        if on_its_way and unit.origin not in self.there and any(map(self.here.get, names)):
            return "changed here"  # the rest of it has to be sent
        if any(map(self.changed_there, names)):
            return "changed there"
        return "changed here" if any(map(self.changed_here, names)) else "known"

    def is_same(self, name: str) -> bool:
        """Tell whether a file is here what it is there."""
        return name in self.here and not self.changed_here(name) and not self.changed_there(name)


def fetch(folder: Path, is_wanted: Callable[[Path], bool] = lambda _: True) -> list[Path]:
    """Take over what changed in the bucket.

    Args:
        folder: Where to look. Nothing happens to a folder that is in no bucket.
        is_wanted: Which results to take, by their paths.

    Returns:
        Results that were made here and not sent yet.

    Raises:
        RemoteError: The bucket could not be reached, or does not stand still.
    """
    address = address_of(folder)
    if address is None:
        return []
    for left in reversed(range(_TRIES)):
        try:
            return _fetch(folder, Store(address), is_wanted)
        except VanishedError:
            if not left:
                raise
    return []


def _fetch(folder: Path, store: Store, is_wanted: Callable[[Path], bool]) -> list[Path]:
    notes, start = Notes(folder), f"{store.address}/"
    noted = {name: note for name, note in notes.read().items() if name.startswith(start)}
    known = {name.removeprefix(start): note for name, note in noted.items()}
    sides = Sides(store.list(), list_local(folder), known)
    units = group_files([*sides.there, *sides.here, *known])
    by_state: dict[State, list[Unit]] = {"changed there": [], "changed here": [], "known": []}
    for unit in units:
        if is_wanted(folder / unit.name):
            by_state[sides.state_of(unit)].append(unit)
    _drop_what_goes(folder, store, notes, sides, by_state["changed there"])
    _take(folder, store, notes, sides, [*by_state["changed there"], *by_state["known"]])
    return [folder / unit.name for unit in by_state["changed here"]]


def _drop_what_goes(
    folder: Path, store: Store, notes: Notes, sides: Sides, units: Sequence[Unit]
) -> None:
    """Remove what made the results that change, and their files that are gone in the bucket."""
    gone: list[str] = []
    for unit in units:
        names = sides.names_of(unit)
        changed = {name for name in names if sides.changed_here(name)}
        if not any(name in sides.there for name in names):
            gone += [name for name in names if name not in changed]
            notes.update({store.address_of(name): None for name in changed})
            continue
        if changed:
            logger.warning(
                "%s was made here and, meanwhile, elsewhere; that of the bucket is taken",
                folder / unit.name,
            )
        gone += [] if sides.is_same(unit.origin) else [unit.origin]
        gone += [name for name in unit.files if name not in sides.there]
    remove_local(folder, gone)
    notes.update({store.address_of(name): None for name in gone})


def _take(folder: Path, store: Store, notes: Notes, sides: Sides, units: Sequence[Unit]) -> None:
    """Fetch the files that differ or lack; what made a result comes after all of its files."""
    origins = {unit.origin for unit in units}
    names = {name for unit in units for name in sides.names_of(unit) if name in sides.there}
    differing = {name for name in names if not sides.is_same(name)}
    files, made_by = sorted(differing - origins), sorted(differing & origins)
    for some in [*_slices(files), *_slices(made_by)]:
        with places_for(folder, some) as places:
            store.fetch(places)
        states = {name: local_state(folder / name) for name in some}
        notes.update(
            {
                store.address_of(name): Note(sides.there[name], state)
                for name, state in states.items()
                if state is not None
            }
        )
    if differing:
        level = logging.DEBUG if stays_local(folder) else logging.INFO  # claims come and go
        logger.log(level, "Fetched %s from %s", counted(len(differing), "file"), store.address)


def _slices(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _FILES_AT_ONCE):
        yield names[start : start + _FILES_AT_ONCE]
