"""From the local copy into the bucket: a result with what made it, or that it is gone."""

from collections.abc import Mapping
from pathlib import Path

from klue_pipeline.runs.disk.mirror.address import address_of
from klue_pipeline.runs.disk.mirror.files import list_local
from klue_pipeline.runs.disk.mirror.notes import SENDING, LocalState, Note, Notes, local_state
from klue_pipeline.runs.disk.mirror.store import Store
from klue_pipeline.runs.disk.mirror.units import origin_name


def send(path: Path) -> None:
    """Make a result in the bucket what it is here: a file, a folder, or nothing.

    What made it is removed first and sent last, so that a kill in between leaves files of which
    nobody says who made them, and never a false claim. Nothing happens to a path that is in no
    bucket.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    address = address_of(path.parent)
    if address is None:
        return
    folder, name = path.parent, path.name
    store, notes, origin = Store(address), Notes(path), origin_name(name)
    here, there = list_local(folder, name), store.list(name)
    store.remove([origin])
    notes.update({store.address_of(origin): None})
    # Of a folder that is gone, what made the results in it goes before they do.
    surplus = sorted(there.keys() - here.keys(), key=lambda each: ("/." not in each, each))
    known = notes.read()
    unchanged = {
        each
        for each, state in here.items()
        if known.get(store.address_of(each)) == Note(there.get(each, ""), state)
    }
    _put(store, notes, folder, sorted(here.keys() - unchanged))
    store.remove(surplus)
    gone = [each for each in known if _is_below(each, store.address_of(name))]
    notes.update({each: None for each in gone if each.removeprefix(f"{address}/") not in here})
    if (folder / origin).is_file():
        _put(store, notes, folder, [origin])


def send_file(path: Path) -> None:
    """Send one file that is no result of a run, such as a plan; or remove it where it is gone.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    address = address_of(path.parent)
    if address is None:
        return
    store, notes = Store(address), Notes(path)
    if path.is_file():
        _put(store, notes, path.parent, [path.name])
    else:
        store.remove([path.name])
        notes.update({store.address_of(path.name): None})


def remote_sizes(folder: Path) -> dict[Path, int]:
    """Return what a bucket holds, in bytes, by the local paths; nothing of a folder in none.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    address = address_of(folder)
    sizes = {} if address is None else Store(address).sizes()
    return {folder / name: size for name, size in sizes.items()}


def _put(store: Store, notes: Notes, folder: Path, names: list[str]) -> None:
    states = {name: state for name in names if (state := local_state(folder / name))}
    if states:
        _note(store, notes, states, dict.fromkeys(states, SENDING))
        _note(store, notes, states, store.send({name: folder / name for name in states}))


def _note(
    store: Store, notes: Notes, states: Mapping[str, LocalState], tokens: Mapping[str, str]
) -> None:
    notes.update({store.address_of(name): Note(tokens[name], states[name]) for name in states})


def _is_below(address: str, place: str) -> bool:
    return address == place or address.startswith(f"{place}/")
