"""The remote side, through fsspec: what is there, fetching, sending, removing.

Nothing is known here of any cloud: fsspec's packages bring protocols, logins and retries along.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from klue_pipeline.passwords import without_passwords
from klue_pipeline.runs.disk.mirror.address import MIRRORS

_SIGNS = ("ETag", "etag", "md5Hash", "mtime", "last_modified", "LastModified", "created")
"""What the file systems of fsspec call the sign that a file has changed, the surest first."""

_INSTALL_S3 = (
    "pip install 'klue_pipeline[s3]', in a clone of the repository with .venv/bin/pip install -e "
    "'.[s3]'"
)
_SENDING = "send results to"
_NOTHING_LOST = (
    f" What was made lies below data/{MIRRORS}: run again with --only-missing-outputs, which sends "
    "it first."
)
_MAKES_FOLDERS = {"file": {"auto_mkdir": True}, "local": {"auto_mkdir": True}}


class RemoteError(OSError):
    """The store could not be asked, or refused; the message says what to do."""


class VanishedError(RemoteError):
    """A file was listed and is gone: somebody else is writing there."""


class Store:
    """One folder of a store.

    Args:
        address: Its address, as ``s3://bucket/folder``.

    Raises:
        RemoteError: Nothing installed speaks this protocol.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._files, self._root = _open(address)

    def address_of(self, name: str) -> str:
        """Return the address of a file in the folder."""
        return f"{self.address}/{name}"

    def list(self, below: str = "") -> dict[str, str]:
        """Return the files of the folder with their signs.

        Args:
            below: Only this result, a file or a folder, which is about to be sent.
        """
        return {name: _sign_of(facts) for name, facts in self._find(below).items()}

    def sizes(self) -> dict[str, int]:
        """Return the files of the folder with their sizes in bytes."""
        return {name: int(facts.get("size") or 0) for name, facts in self._find("").items()}

    def fetch(self, files: Mapping[str, Path]) -> None:
        """Copy files from the store to where they shall lie.

        Raises:
            VanishedError: One of them is not there anymore.
            RemoteError: The store did not give them.
        """
        with self._said_in_words("fetch"):
            try:
                self._files.get(self._places(files), [str(path) for path in files.values()])
            except FileNotFoundError as error:
                raise VanishedError(
                    f"{self.address}: a file went while it was fetched ({error}); another machine "
                    "is writing there. Run again once it is done."
                ) from error

    def send(self, files: Mapping[str, Path]) -> dict[str, str]:
        """Copy files into the store, each whole or not at all, and return their signs.

        Raises:
            RemoteError: The store did not take them.
        """
        with self._said_in_words(_SENDING):
            self._files.put([str(path) for path in files.values()], self._places(files))
            return self._signs_of(files)

    def remove(self, names: Sequence[str]) -> None:
        """Remove files; those that are gone already count as removed.

        Raises:
            RemoteError: The store refused.
        """
        with self._said_in_words("remove files from"):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    self._files.rm_file(self._place(name))

    def _signs_of(self, names: Iterable[str]) -> dict[str, str]:
        """Ask as :meth:`list` does: what a store says of one file may be less than in a list."""
        self._files.invalidate_cache()
        places = {self._place(name): name for name in names}
        folders = dict.fromkeys(place.rpartition("/")[0] for place in places)
        listed = [facts for folder in folders for facts in self._files.ls(folder, detail=True)]
        return {
            places[facts["name"]]: _sign_of(facts) for facts in listed if facts["name"] in places
        }

    def _find(self, below: str) -> dict[str, Any]:
        place = self._place(below) if below else self._root
        with self._said_in_words(_SENDING if below else "list"):
            self._files.invalidate_cache()
            found: dict[str, Any] = self._files.find(place, detail=True)
        start = len(self._root.rstrip("/")) + 1
        return {name[start:]: facts for name, facts in found.items()}

    def _places(self, names: Mapping[str, Path]) -> Sequence[str]:
        return [self._place(name) for name in names]

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _said_in_words(self, doing: str) -> Iterator[None]:
        """Say what was to be done and what to do, whatever library found out what is wrong."""
        try:
            yield
        except RemoteError:
            raise
        except Exception as error:
            told = " ".join(without_passwords(str(error)).split())
            raise RemoteError(
                f"Could not {doing} {self.address} ({type(error).__name__}: {told}). "
                f"{_advise(error)}{_NOTHING_LOST if doing == _SENDING else ''}"
            ) from error


def _open(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    scheme = address.partition("://")[0]
    try:
        files, root = url_to_fs(address, **_MAKES_FOLDERS.get(scheme, {}))
    except ImportError as error:
        remedy = _INSTALL_S3 if scheme == "s3" else str(error)
        raise RemoteError(
            f"data_root is {address}, and the package for {scheme}:// is not installed: {remedy}"
        ) from error
    except ValueError as error:
        raise RemoteError(
            f"data_root is {address}: {error}. Write an address that fsspec knows, such as "
            "s3://<bucket>/<folder>, or a local folder into conf/<name>/globals.yml."
        ) from error
    return files, str(root)


def _sign_of(facts: Mapping[str, Any]) -> str:
    sign = next((str(facts[name]) for name in _SIGNS if facts.get(name)), "")
    return f"{facts.get('size')} {sign}"


def _advise(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "Make the bucket, or correct data_root (conf/<name>/globals.yml)."
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        return (
            "Give this machine a login that may read and write there, as the store's own tools "
            "take it (for S3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE)."
        )
    return "Look at the network and at the address (for S3 elsewhere: AWS_ENDPOINT_URL)."
