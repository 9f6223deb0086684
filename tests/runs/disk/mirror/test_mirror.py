"""Two machines on one bucket: each has all that the other made, and nothing that is half there."""

import logging
import shutil
from pathlib import Path

import pytest

from klue_pipeline.runs.disk.mirror import store as stores
from klue_pipeline.runs.disk.mirror.address import address_of, local_folder
from klue_pipeline.runs.disk.mirror.fetching import fetch
from klue_pipeline.runs.disk.mirror.sending import remote_sizes, send, send_file
from klue_pipeline.runs.disk.mirror.store import RemoteError, Store
from klue_pipeline.runs.disk.origin_store import OriginStore

MODEL, SCORES = "06_models/a/fold_0", "07_model_output/a/test.parquet"
ORIGINS = OriginStore()


class KilledError(BaseException):
    """Not an Exception: nobody on the way handles it, as nobody handles a kill -9."""


class Machine:
    """A project folder with its local copy of the bucket."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self.root = folder / local_folder(bucket)

    def make(self, result: str, epochs: int, **files: str) -> Path:
        """Save a result of a run, a folder if it has several files."""
        path = self.root / result
        ORIGINS.remove(path)
        shutil.rmtree(path, ignore_errors=True)
        for name, text in (files or {"": f"epochs {epochs}"}).items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text)
        ORIGINS.write(path, {"epochs": str(epochs)})
        return path

    def save(self, result: str, epochs: int, **files: str) -> None:
        send(self.make(result, epochs, **files))

    def fetch(self) -> list[str]:
        """Fetch everything; return what is not sent yet."""
        return [path.relative_to(self.root).as_posix() for path in fetch(self.root)]

    def content(self) -> dict[str, str]:
        """Return all files that are results, with what made them."""
        return {
            path.relative_to(self.root).as_posix(): path.read_text()
            for path in self.root.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    def origin(self, result: str) -> dict[str, str] | None:
        return ORIGINS.read(self.root / result)


@pytest.fixture
def machines(bucket, tmp_path) -> tuple[Machine, Machine]:
    return Machine(tmp_path / "one", bucket), Machine(tmp_path / "two", bucket)


def test_what_one_made_the_other_has_and_nothing_moves_twice(machines, monkeypatch):
    one, two = machines
    one.save(MODEL, 3, weights="w", config="c")
    one.save(SCORES, 3)
    assert two.fetch() == []
    assert two.content() == one.content()
    assert two.origin(MODEL) == {"epochs": "3"}
    assert ORIGINS.find_change(two.root / MODEL) == ""
    monkeypatch.setattr(Store, "fetch", None)
    monkeypatch.setattr(Store, "send", None)
    assert two.fetch() == one.fetch() == []


def test_what_changed_elsewhere_is_taken_and_leftovers_go_on_both_sides(machines):
    one, two = machines
    one.save(MODEL, 3, weights="w", config="c", former="f")
    two.fetch()
    two.save(MODEL, 5, weights="other", config="c")
    one.fetch()
    assert one.content() == two.content()
    assert one.origin(MODEL) == {"epochs": "5"}
    assert {path.name for path in remote_sizes(one.root)} == {"weights", "config", "fold_0.json"}


def test_what_one_removed_goes_on_the_other_too(machines):
    one, two = machines
    one.save(MODEL, 3, weights="w")
    one.save(SCORES, 3)
    two.fetch()
    shutil.rmtree(two.root / "06_models/a")
    send(two.root / "06_models/a")
    one.fetch()
    assert set(one.content()) == {SCORES, "07_model_output/a/.fingerprints/test.parquet.json"}
    assert not (one.root / "06_models").exists()


def test_a_copy_that_was_deleted_comes_back(machines):
    one, _ = machines
    one.save(MODEL, 3, weights="w", config="c")
    before = one.content()
    (one.root / MODEL / "weights").unlink()
    one.fetch()
    assert one.content() == before
    shutil.rmtree(one.root)
    assert one.fetch() == []
    assert one.content() == before


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("arrived", [0, 1, 2, 3])
def test_a_kill_while_sending_leaves_no_false_claim_and_loses_nothing(
    machines, monkeypatch, earlier, arrived
):
    one, two = machines
    if earlier:
        one.save(MODEL, 3, weights="w3", config="c3")
        two.fetch()
    one.make(MODEL, 5, weights="weights 5", config="config 5")
    put, left = Store.send, [arrived]

    def die_after(self, files):
        for name, path in files.items():
            if not left[0]:
                raise KilledError
            left[0] -= 1
            put(self, {name: path})
        if not left[0]:
            raise KilledError
        return put(self, files)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "send", die_after)
        with pytest.raises(KilledError):
            send(one.root / MODEL)
    two.fetch()
    whole = arrived == 3
    assert two.origin(MODEL) == ({"epochs": "5"} if whole else None)
    assert ORIGINS.find_change(two.root / MODEL) == ""
    unsent = one.fetch()
    assert unsent == ([] if whole else [MODEL])
    assert one.origin(MODEL) == {"epochs": "5"}
    for result in unsent:
        send(one.root / result)
    two.fetch()
    assert two.content() == one.content()
    assert one.content()[f"{MODEL}/weights"] == "weights 5"


def test_a_kill_while_saving_is_known_elsewhere_once_it_is_sent(machines):
    one, two = machines
    one.save(MODEL, 3, weights="w3")
    two.fetch()
    one.make(MODEL, 5, weights="weights 5")
    ORIGINS.remove(one.root / MODEL)  # a kill comes before it is written
    assert one.fetch() == [MODEL]
    assert one.origin(MODEL) is None
    send(one.root / MODEL)
    two.fetch()
    assert two.content() == {f"{MODEL}/weights": "weights 5"}


def test_a_kill_while_fetching_is_made_good(machines, monkeypatch):
    one, two = machines
    one.save(MODEL, 3, weights="w3", config="c3")
    two.fetch()
    one.save(MODEL, 5, weights="w5", config="c5")
    get = Store.fetch

    def die_at_origins(self, files):
        if any(name.endswith(".json") for name in files):
            raise KilledError
        get(self, files)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "fetch", die_at_origins)
        with pytest.raises(KilledError):
            two.fetch()
    assert two.origin(MODEL) is None
    assert two.fetch() == []
    assert two.content() == one.content()


def test_of_two_that_made_the_same_the_bucket_has_the_one_that_counts(machines, caplog):
    one, two = machines
    one.save(SCORES, 3)
    two.fetch()
    two.make(SCORES, 7)  # not sent: the network was gone
    one.save(SCORES, 5)
    with caplog.at_level(logging.WARNING):
        assert two.fetch() == []
    assert f"{SCORES} was made here and, meanwhile, elsewhere" in caplog.text
    assert two.content() == one.content()


def test_scratch_caches_and_half_written_files_stay_local(machines):
    one, two = machines
    for name in ("06_models/a/.scratch/fold_0/step", "04_feature/.cache/x", f"{MODEL}/.w.partial"):
        (one.root / name).parent.mkdir(parents=True, exist_ok=True)
        (one.root / name).write_text("local")
    one.make(MODEL, 3, weights="w")
    send(one.root / MODEL)
    two.fetch()
    assert {path.name for path in remote_sizes(one.root)} == {"weights", "fold_0.json"}
    assert one.fetch() == []


def test_single_files_come_and_go(machines):
    one, two = machines
    plan = Path(".fingerprints/unfinished-a.json")
    (one.root / plan).parent.mkdir(parents=True)
    (one.root / plan).write_text("{}")
    send_file(one.root / plan)
    two.fetch()
    assert (two.root / plan).read_text() == "{}"
    (two.root / plan).unlink()
    send_file(two.root / plan)
    one.fetch()
    assert not (one.root / plan).exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://nobody/klue", "Could not list s3://nobody/klue (FileNotFoundError.*Make the bucket"),
        ("nosuch://team/klue", "Protocol not known: nosuch.*an address that fsspec knows"),
    ],
)
def test_a_wrong_address_is_said_with_what_to_do(address, said, s3_login, tmp_path):
    with pytest.raises(RemoteError, match=said.replace("(File", r"\(File")):
        fetch(tmp_path / local_folder(address))


def test_a_network_that_is_gone_is_said_without_passwords(s3_login, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://kim:geheim@127.0.0.1:9")
    import fsspec

    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(RemoteError, match=r"Look at the network.*AWS_ENDPOINT_URL") as raised:
        fetch(tmp_path / local_folder("s3://team/klue"))
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert "geheim" not in str(raised.value)


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", refuse)
    with pytest.raises(RemoteError, match=r"pip install 'klue_pipeline\[s3\]'"):
        stores.Store("s3://team/klue")


def test_local_folders_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("klue_pipeline.runs.disk.mirror.fetching.Store", None)
    monkeypatch.setattr("klue_pipeline.runs.disk.mirror.sending.Store", None)
    assert address_of(tmp_path) is None
    assert fetch(tmp_path) == []
    send(tmp_path / "x")
    send_file(tmp_path / "x")
    assert remote_sizes(tmp_path) == {}
