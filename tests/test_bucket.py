"""Results in an S3 bucket: a second project folder goes on from the bucket alone."""

import json
import shutil
from pathlib import Path

import pytest
from buckets import client_of
from projects import Project

pytestmark = pytest.mark.slow

ADDRESS = "s3://team/whole"
FOLDER = "data/.mirror/s3/team/whole"
EXPERIMENT = "typed_punct_query"


def create(folder: Path) -> Project:
    project = Project.create(folder)
    path = project.folder / "conf/test/globals.yml"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("data_root: data/test", f"data_root: {ADDRESS}"), "utf-8")
    return project


def results(project: Project) -> dict[str, bytes]:
    """What is the same on every machine; the record says when a run was."""
    root = project.folder / FOLDER
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".") and ".cache" not in path.parts
    }


@pytest.fixture(scope="module")
def there(command_server, s3_server, tmp_path_factory):
    """A project after the whole job; its results are in the bucket."""
    project = create(tmp_path_factory.mktemp("there") / "project")
    ended = project.run(**s3_server)
    assert ended.code == 0, ended.console
    assert not (project.folder / "data/test").exists()
    return project


def listing(s3_server) -> set[str]:
    pages = client_of(s3_server).get_paginator("list_objects_v2").paginate(Bucket="team")
    found = (each["Key"] for page in pages for each in page.get("Contents", []))
    return {key.removeprefix("whole/") for key in found if key.startswith("whole/")}


def test_the_bucket_holds_all_results_and_nothing_that_is_local(there, s3_server):
    keys = listing(s3_server)
    assert keys == results(there).keys()
    assert not any(part in key for key in keys for part in (".running", "unfinished", ".scratch"))
    record = there.folder / FOLDER / f"08_reporting/{EXPERIMENT}/run_record.json"
    assert json.loads(record.read_text(encoding="utf-8"))["status"] == "finished"


def test_an_empty_folder_goes_on_from_the_bucket_and_each_knows_what_the_other_did(
    there, s3_server, tmp_path
):
    here = create(tmp_path / "here")
    ended = here.run("--only-missing-outputs", **s3_server)
    assert ended.code == 0, ended.console
    assert f"files from {ADDRESS}" in ended.console
    assert "[1/" not in ended.console  # no node runs
    assert results(here) == results(there)

    shutil.rmtree(here.folder / "data/.mirror")
    ended = here.run("--pipelines", "report", **s3_server)
    assert ended.code == 0, ended.console
    made = f"08_reporting/{EXPERIMENT}/.fingerprints/metrics.json.json"
    assert results(here)[made] != results(there)[made]  # it says when the file was written
    assert not (here.folder / FOLDER / f"06_models/{EXPERIMENT}/fold_0").exists()

    table = there.kedro("experiments", EXPERIMENT, "--env", "test", **s3_server)
    assert table.code == 0, table.console
    assert "finished before" in table.console
    assert results(here)[made] == results(there)[made]

    ended = here.kedro("delete-experiment", EXPERIMENT, "--env", "test", "--yes", **s3_server)
    assert ended.code == 0, ended.console
    assert not any(EXPERIMENT in key for key in listing(s3_server))
