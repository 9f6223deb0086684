"""Score bundles on disk: whole and unharmed, or refused with what to do."""

import hashlib
import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.shared.drop_folders import ScoreBundlesDataset
from klue_pipeline.datasets.shared.score_bundle import ScoreBundleDataset
from klue_pipeline.evaluation.score_bundles import ScoredExperiment, make_bundle
from klue_pipeline.evaluation.scores import ScoreTable

NAMES = ("no_relation", "인물:직업", "org:members")
FILES = ["bundle.json", "out_of_fold.parquet", "test_scores.parquet"]


def make(seed=0, n_rows=4, **changes):
    rng = np.random.default_rng(seed)
    labels = changes.pop("names", NAMES)
    print_ = {"rows": "aa", "folds": "bb"}
    out_of_fold = ScoreTable(
        np.array([f"행-{row}" for row in range(n_rows)], dtype=object),
        rng.normal(size=(n_rows, len(labels))).astype(np.float32),
        labels,
        np.arange(n_rows) % 2,
        print_,
    )
    test_scores = ScoreTable(
        np.array(["0", "007"], dtype=object),
        np.array([[1e-30] + [-np.inf] * (len(labels) - 1), [3e38] * len(labels)], np.float32),
        labels,
        fingerprint={**print_, "test_rows": "cc"},
    )
    experiment = ScoredExperiment(
        experiment="rbert",
        folder="rbert",
        why='<b>"개체" 평균이 낫다</b>',
        kind="single",
        settings={"training": {"learning_rate": 0.1 + 0.2, "freeze": None}},
        metrics={"out_of_fold": {"micro_f1": 61.5}, "test": None},
        labels={"names": list(labels), "negative": labels[0]},
        code_version="0.1.0",
        created_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        **changes,
    )
    return make_bundle(experiment, out_of_fold, test_scores)


def assert_same(found, wanted):
    assert found.description == wanted.description
    for part in ("out_of_fold", "test_scores"):
        own, other = getattr(found, part), getattr(wanted, part)
        assert own.row_ids.tolist() == other.row_ids.tolist()
        assert own.logits.tobytes() == other.logits.tobytes()
        assert (own.labels, own.fingerprint) == (other.labels, other.fingerprint)
        assert np.array_equal(own.folds, other.folds)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "bundles" / "rbert"


@pytest.fixture
def dataset(folder):
    return ScoreBundleDataset(filepath=str(folder))


@pytest.fixture
def saved(dataset, folder):
    dataset.save(make())
    return folder


def edit(folder, change):
    """Change the manifest as a person with an editor does."""
    path = folder / "bundle.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def sign(folder):
    """Make the hashes those of the files, as whoever forges a bundle does."""
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES[1:]}
    edit(folder, lambda manifest: manifest.update(files=hashes))


def test_what_is_saved_is_loaded_to_the_last_bit(dataset, folder):
    assert not dataset.exists()
    bundle = make(mlflow_run_id="f00", members=["a", "b"])
    dataset.save(bundle)
    assert dataset.exists()
    assert_same(dataset.load(), bundle)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["rbert"]
    with pytest.raises(DatasetError, match="takes one ScoreBundle; found dict"):
        dataset.save({"out_of_fold": None})


def test_a_person_can_read_what_it_is(saved):
    manifest = json.loads((saved / "bundle.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["version"]) == ("klue_pipeline.score_bundle", "1.0")
    assert manifest["experiment"]["labels"]["names"] == list(NAMES)
    assert manifest["experiment"]["created_at"] == "2026-11-23T09:30:00Z"
    for name, digest in manifest["files"].items():
        assert digest == hashlib.sha256((saved / name).read_bytes()).hexdigest()
    assert "인물:직업" in (saved / "bundle.json").read_text(encoding="utf-8")


def remove(name):
    return lambda folder: (folder / name).unlink()


def flip_a_byte(folder):
    path = folder / "out_of_fold.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(folder):
    path = folder / "test_scores.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def cut_manifest(folder):
    path = folder / "bundle.json"
    path.write_bytes(path.read_bytes()[:-20])


def nest_too_deep(folder):
    (folder / "bundle.json").write_text("[" * 100_000, encoding="utf-8")


def write_latin(folder):
    (folder / "bundle.json").write_bytes(b'{"why": "\xff"}')


def link_to_a_copy(folder):
    path = folder / "test_scores.parquet"
    path.rename(folder.parent / "outside.parquet")
    path.symlink_to(folder.parent / "outside.parquet")


def swap_files(folder):
    (folder / FILES[1]).rename(folder / "x")
    (folder / FILES[2]).rename(folder / FILES[1])
    (folder / "x").rename(folder / FILES[2])
    sign(folder)


def put_a_pickle(folder):
    (folder / "test_scores.parquet").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    sign(folder)


def put_scores_of(**changes):
    def put(folder):
        other = folder.parent / "other"
        ScoreBundleDataset(filepath=str(other)).save(make(**changes))
        shutil.copy(other / "out_of_fold.parquet", folder / "out_of_fold.parquet")
        sign(folder)

    return put


def put_nan(folder):
    path = folder / "out_of_fold.parquet"
    table = pq.read_table(path)
    column = pa.array([0.0, None, 1.0, 2.0], type=pa.float32())
    pq.write_table(table.set_column(2, NAMES[0], column), path)
    sign(folder)


def drop_header_field(folder):
    path = folder / "test_scores.parquet"
    header = {b"klue_pipeline.score_table": b'{"labels": ["a"]}'}
    pq.write_table(pq.read_table(path).replace_schema_metadata(header), path)
    sign(folder)


def set_field(value, *keys):
    def change(manifest):
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return lambda folder: edit(folder, change)


def list_outside_file(folder):
    shutil.copy(folder / FILES[2], folder.parent / "scores.parquet")
    edit(folder, lambda manifest: manifest["files"].update({"../scores.parquet": "0" * 64}))


DAMAGE = {
    "no manifest": (remove("bundle.json"), "bundle.json is missing; copy the whole folder again"),
    "no test scores": (remove("test_scores.parquet"), "test_scores.parquet is missing"),
    "a flipped bit": (flip_a_byte, "out_of_fold.parquet was changed or damaged on its way"),
    "half a file": (cut_short, "test_scores.parquet was changed or damaged"),
    "half a manifest": (cut_manifest, "bundle.json is no JSON"),
    "a deep manifest": (nest_too_deep, "bundle.json is no JSON"),
    "another encoding": (write_latin, "bundle.json is no JSON"),
    "a list": (lambda folder: (folder / "bundle.json").write_text("[]"), "was not written by this"),
    "another program's": (set_field("zoo", "format"), "not written by this project's bundle"),
    "another major version": (set_field("2.0", "version"), r"of version '2.0'; 1.x can be read"),
    "no version": (set_field(None, "version"), "of version None; 1.x can be read"),
    "a longer version": (set_field("1.0.1", "version"), "of version '1.0.1'"),
    "an unknown field": (set_field(1, "experiment", "owner"), "experiment.owner: found 1; Extra"),
    "a wrong field": (set_field("tree", "experiment", "kind"), "experiment.kind: found 'tree'"),
    "a file outside": (list_outside_file, r"lists the files \['../scores.parquet', 'out_of"),
    "one file only": (set_field({FILES[1]: "0"}, "files"), r"lists the files \['out_of_fold"),
    "a link": (link_to_a_copy, "test_scores.parquet is a link to somewhere else"),
    "files swapped": (swap_files, "the test scores name folds"),
    "a pickle": (put_a_pickle, r"Cannot read scores from .*test_scores.parquet"),
    "scores of other labels": (put_scores_of(names=NAMES[:2]), "are for 2 labels"),
    "scores of fewer rows": (put_scores_of(n_rows=3), "have 3 rows, the description says 4"),
    "a missing score": (put_nan, r"1 rows of the out-of-fold scores, among them \['행-1'\]"),
    "half a header": (drop_header_field, "is no sound score bundle"),
    "other fingerprints": (
        set_field("zz", "experiment", "fingerprint", "test_rows"),
        "made from test_rows cc, the description says zz",
    ),
    "another negative": (
        set_field("none", "experiment", "labels", "negative"),
        "'none' is not among the labels",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_harmed_or_foreign_bundle_is_refused(dataset, saved, case):
    harm, message = DAMAGE[case]
    harm(saved)
    with pytest.raises(DatasetError, match=message) as caught:
        dataset.load()
    assert str(caught.value).startswith(f"{saved} is no sound score bundle: ")


def test_whoever_signs_a_bundle_anew_is_believed(dataset, saved):
    """So that the cases above which sign theirs are refused for what they changed."""
    put_scores_of(seed=7)(saved)
    assert_same(dataset.load(), make(seed=7))


def test_fields_of_a_newer_release_are_passed_over(dataset, saved, caplog):
    def add(manifest):
        manifest.update(version="1.7", signature="ed25519")
        manifest["experiment"]["owner"] = "kim"

    edit(saved, add)
    with caplog.at_level("INFO", "klue_pipeline"):
        assert_same(dataset.load(), make())
    assert "passing over signature" in caplog.text
    assert "passing over owner" in caplog.text
    edit(saved, lambda manifest: manifest["experiment"].pop("folds"))
    with pytest.raises(DatasetError, match=r"experiment\.folds: Field required"):
        dataset.load()


# The folder that bundles are dropped in


@pytest.fixture
def shelf(saved):
    """What team mates dropped beside a sound bundle, and what happens to it."""
    drop = saved.parent
    ScoreBundleDataset(filepath=str(drop / "가위바위보--lr3e5")).save(make(seed=1))
    shutil.copytree(saved, drop / "damaged")
    flip_a_byte(drop / "damaged")
    shutil.copytree(saved, drop / "twice" / "rbert")
    shutil.copytree(saved, drop / "a name, with blanks")
    shutil.copytree(saved, drop / ".rbert.partial")
    shutil.copytree(saved, drop / "__MACOSX" / "rbert")
    (drop / "empty").mkdir()
    (drop / "shared").symlink_to(saved)  # on a disk that a team shares
    (saved / ".DS_Store").write_bytes(b"\0")
    shutil.make_archive(str(drop / "packed"), "zip", saved)
    shutil.copy(saved / FILES[1], drop / "loose.parquet")
    for name in ("README.md", "readme", ".gitkeep"):
        (drop / name).write_text("Bundles go here.", encoding="utf-8")
    return ScoreBundlesDataset(filepath=str(drop))


def test_every_sound_bundle_is_called_as_its_folder_is(shelf):
    found = shelf.load()
    assert list(found.bundles) == ["rbert", "shared", "가위바위보--lr3e5"]
    assert len(found.refused) == 6
    assert_same(found.bundles["rbert"], make())
    assert_same(found.bundles["가위바위보--lr3e5"], make(seed=1))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("damaged", "out_of_fold.parquet was changed or damaged"),
        ("twice", "holds one, rbert; move it up into"),
        ("a name, with blanks", "cannot be named in ensemble.members: letters, digits"),
        ("empty", "bundle.json is missing"),
        ("packed.zip", "is an archive; unpack it here, and remove it"),
        ("loose.parquet", "is a file. A bundle is a folder with bundle.json in it"),
    ],
)
def test_whatever_is_no_bundle_is_told(shelf, name, reason, caplog):
    found = shelf.load()
    assert reason in found.refused[name]
    assert name in found.refused[name]
    assert f"A bundle is left out: {found.refused[name]}" in caplog.text
