"""Features on disk: one Arrow file, opened without copying."""

import pyarrow as pa
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.features import FeaturesDataset
from klue_pipeline.relation.encoding.features import SCHEMA, Features

LABELS = ("no_relation", "per:title", "org:founded")


def make(rows, tokens=4):
    columns = {
        "row_id": [f"행{row}" for row in range(rows)],
        "origin_id": [f"행{row}" for row in range(rows)],
        "input_ids": [list(range(tokens))] * rows,
        "token_type_ids": [[0] * tokens] * rows,
        "weight": [0.5] * rows,
        **{name: [row % 3 for row in range(rows)] for name in [*SCHEMA.names[4:8], "label_id"]},
        "subject_type": ["PER"] * rows,
        "object_type": ["ORG"] * rows,
        "length": [tokens] * rows,
    }
    table = pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)
    return Features(table, LABELS, {"rows": "4f5a", "tokenizer": "77aa"})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "train_features.arrow"


@pytest.fixture
def dataset(path):
    return FeaturesDataset(filepath=str(path))


def test_round_trip_keeps_table_labels_and_fingerprint(dataset):
    features = make(7)
    assert not dataset.exists()
    dataset.save(features)
    assert dataset.exists()
    loaded = dataset.load()
    assert loaded == features
    assert loaded.labels == LABELS
    assert loaded.fingerprint == features.fingerprint


def test_empty_table_survives(dataset):
    dataset.save(make(0))
    assert len(dataset.load()) == 0


def test_loading_maps_the_file_instead_of_copying_it(dataset, path):
    dataset.save(make(2000, tokens=400))
    before = pa.total_allocated_bytes()
    loaded = dataset.load()
    assert path.stat().st_size > 2000 * 400 * 5
    assert pa.total_allocated_bytes() - before < 100_000
    assert loaded.table["length"].to_pylist() == [400] * 2000


def test_saving_again_leaves_what_is_open_alone(dataset, path):
    dataset.save(make(50))
    opened = dataset.load()
    dataset.save(make(3, tokens=9))
    assert opened == make(50)
    assert len(dataset.load()) == 3
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content", [b"", b"row_id,label\n1,a\n", None], ids=["empty", "csv", "cut"]
)
def test_unreadable_file_names_itself_and_the_way_out(dataset, path, content):
    dataset.save(make(50))
    path.write_bytes(path.read_bytes()[:-200] if content is None else content)
    with pytest.raises(DatasetError, match=r"train_features\.arrow.*--pipelines tokenize"):
        dataset.load()


def test_other_arrow_file_is_refused(dataset, path):
    path.parent.mkdir()
    other = pa.table({"row_id": ["1"]})
    with pa.ipc.new_file(str(path), other.schema) as writer:
        writer.write_table(other)
    with pytest.raises(DatasetError, match="holds no features"):
        dataset.load()
