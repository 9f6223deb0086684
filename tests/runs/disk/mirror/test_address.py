"""Addresses of data folders, and the local folders that stand for them."""

import re
from pathlib import Path

import pytest

from klue_pipeline.runs.disk.mirror.address import address_of, local_folder, notes_folder


@pytest.mark.parametrize(
    "address", ["s3://team/klue", "s3://team", "memory://a/b/c", "file:///srv/klue", "gs://x/한글"]
)
def test_there_and_back(address):
    folder = Path("/project") / local_folder(address)
    assert address_of(folder) == address
    assert address_of(folder / "a/b.json") == f"{address}/a/b.json"
    assert notes_folder(folder / "a/b.json") == notes_folder(folder)


def test_a_slash_at_the_end_and_a_loud_scheme_change_nothing():
    assert local_folder("S3://team/klue/") == local_folder("s3://team/klue")


@pytest.mark.parametrize("folder", ["data", "/srv/data/klue", "C:/data", "data/own"])
def test_local_folders_stay_what_they_are(folder):
    assert local_folder(folder) == folder
    assert address_of(Path(folder) / "x") is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://", "without empty or hidden parts"),
        ("s3://team/../other", "without empty or hidden parts"),
        ("s3://team//klue", "without empty or hidden parts"),
        ("s3://team/.running", "without empty or hidden parts"),
        ("sftp://kim:geheim@host/klue", "without a login"),
        ("s3://team/klue?versionId=1", "without options"),
        ("simplecache::s3://team/klue", "without options"),
    ],
)
def test_what_is_no_folder_is_refused_without_its_password(address, said):
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        local_folder(address)
    assert "geheim" not in str(raised.value)
