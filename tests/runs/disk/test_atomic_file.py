"""A file is there whole or not at all; two processes that write the same one do not meet."""

import errno
import os
import time
from types import SimpleNamespace

import pytest

from klue_pipeline.runs.disk.atomic_file import (
    folder_written_beside,
    place_beside,
    require_free_space,
    write_text,
    written_beside,
)
from klue_pipeline.runs.process import this_process


class RustError(Exception):
    """As safetensors raises it, which is no OSError."""


FULL = OSError(errno.ENOSPC, "No space left on device")
ERRORS = {
    "disk full": (FULL, "the disk is full"),
    "disk full, said by Rust": (RustError("I/O error: No space (os error 28)"), "the disk is full"),
    "quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), "your share of the disk"),
    "read-only": (OSError(errno.EROFS, "Read-only file system"), "the file system is read-only"),
    "forbidden": (PermissionError(errno.EACCES, "Permission denied"), "this user may not write"),
}


@pytest.mark.parametrize("write", [written_beside, folder_written_beside])
@pytest.mark.parametrize("kind", ERRORS)
def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path, write, kind):
    error, said = ERRORS[kind]
    path = tmp_path / "new" / "report"
    with pytest.raises(OSError, match=rf"report could not be written: {said}") as raised:
        fill(write, path, error)
    assert "only-missing-outputs" in str(raised.value)
    assert list(path.parent.iterdir()) == []


def fill(write, path, error):
    with write(path) as partial:
        (partial / "half" if partial.is_dir() else partial).write_text("half")
        raise error


@pytest.mark.parametrize(
    "error", [ValueError("no"), OSError(errno.EACCES, "no", "/somewhere/input.csv"), OSError("no")]
)
def test_other_errors_pass_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as raised:
        fill(written_beside, tmp_path / "report", error)
    assert raised.value is error


@pytest.mark.parametrize(
    ("owner", "age_days", "is_removed"),
    [
        (this_process()._replace(pid=2**22 + 1), 0, True),  # above Linux's largest pid
        (this_process()._replace(start="1"), 0, True),
        (this_process()._replace(pid=os.getppid(), start=""), 0, False),
        (this_process()._replace(host="elsewhere"), 1, False),
        (this_process()._replace(host="elsewhere"), 8, True),
    ],
)
def test_only_what_nobody_can_still_write_is_removed(tmp_path, owner, age_days, is_removed):
    name = f".report.json.{owner.host}-{owner.pid}-{owner.start}.partial"
    leftover = tmp_path / name
    leftover.write_text("half")
    other = tmp_path / f".other.json.{owner.host}-{owner.pid}-{owner.start}.partial"
    other.write_text("another file's")
    then = time.time() - age_days * 24 * 3600
    os.utime(leftover, (then, then))
    write_text(tmp_path / "report.json", "{}")
    assert leftover.exists() != is_removed
    assert other.exists()
    assert (tmp_path / "report.json").read_text() == "{}"


def test_the_name_in_between_is_the_process_own(tmp_path):
    assert str(os.getpid()) in place_beside(tmp_path / "a", "partial").name


@pytest.mark.parametrize("free", [4096, 2**30])
def test_a_full_disk_is_said_whatever_a_library_said(tmp_path, monkeypatch, free):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    error = RuntimeError("[enforce fail at inline_container.cc:672]")
    if free < 2**20:
        with pytest.raises(OSError, match=r"is full \(4,096 bytes are free\).*inline_container"):
            require_free_space(tmp_path, error)
    else:
        require_free_space(tmp_path, error)
