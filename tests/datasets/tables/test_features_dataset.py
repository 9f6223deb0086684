"""Features on disk: one Arrow file, opened without copying."""

import pyarrow as pa
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.features import FeaturesDataset
from klue_pipeline.datasets.tables.reader_features import ReaderFeaturesDataset
from klue_pipeline.odqa.encoding import features as reader_features
from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.relation.encoding import features as relation_features
from klue_pipeline.relation.encoding.features import Features

LABELS = ("no_relation", "per:title", "org:founded")
FINGERPRINT = {"rows": "4f5a", "tokenizer": "77aa"}
SAMPLES = {
    pa.string(): "행",
    pa.bool_(): True,
    pa.float32(): 0.5,
    pa.int32(): 2,
    pa.list_(pa.int32()): [0, 1, 2, 3],
    pa.list_(pa.int8()): [0, 0, 1, 1],
}


def fill(schema, rows, tokens=4):
    columns = {
        column.name: [SAMPLES[column.type]] * rows
        for column in schema
        if column.name not in ("input_ids", "length")
    }
    columns |= {"input_ids": [list(range(tokens))] * rows, "length": [tokens] * rows}
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def relation(rows, tokens=4):
    return Features(fill(relation_features.SCHEMA, rows, tokens), LABELS, FINGERPRINT)


def reader(rows, tokens=4):
    return ReaderFeatures(fill(reader_features.SCHEMA, rows, tokens), FINGERPRINT)


@pytest.fixture(
    params=[(FeaturesDataset, relation), (ReaderFeaturesDataset, reader)],
    ids=["relation", "reader"],
)
def kind(request):
    return request.param


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "train_features.arrow"


@pytest.fixture
def dataset(kind, path):
    return kind[0](filepath=str(path))


@pytest.fixture
def make(kind):
    return kind[1]


def test_round_trip_keeps_table_and_what_is_known_of_it(dataset, make):
    features = make(7)
    assert not dataset.exists()
    dataset.save(features)
    assert dataset.exists()
    loaded = dataset.load()
    assert loaded == features
    assert loaded.fingerprint == FINGERPRINT
    assert getattr(loaded, "labels", LABELS) == LABELS


def test_empty_table_survives(dataset, make):
    dataset.save(make(0))
    assert len(dataset.load()) == 0


def test_loading_maps_the_file_instead_of_copying_it(dataset, make, path):
    dataset.save(make(2000, tokens=400))
    before = pa.total_allocated_bytes()
    loaded = dataset.load()
    assert path.stat().st_size > 2000 * 400 * 4
    assert pa.total_allocated_bytes() - before < 100_000
    assert loaded.table["length"].to_pylist() == [400] * 2000


def test_saving_again_leaves_what_is_open_alone(dataset, make, path):
    dataset.save(make(50))
    opened = dataset.load()
    dataset.save(make(3, tokens=9))
    assert opened == make(50)
    assert len(dataset.load()) == 3
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "content", [b"", b"row_id,label\n1,a\n", None], ids=["empty", "csv", "cut"]
)
def test_unreadable_file_names_itself_and_the_way_out(dataset, make, path, content):
    dataset.save(make(50))
    path.write_bytes(path.read_bytes()[:-200] if content is None else content)
    with pytest.raises(DatasetError, match=r"train_features\.arrow.*--pipelines (odqa_)?tokenize"):
        dataset.load()


def test_features_of_the_other_task_are_refused(dataset, make, path):
    other = ReaderFeaturesDataset if make is relation else FeaturesDataset
    other(filepath=str(path)).save(reader(1) if make is relation else relation(1))
    with pytest.raises(DatasetError, match="holds no features"):
        dataset.load()


def test_other_arrow_file_is_refused(dataset, path):
    path.parent.mkdir()
    other = pa.table({"row_id": ["1"]})
    with pa.ipc.new_file(str(path), other.schema) as writer:
        writer.write_table(other)
    with pytest.raises(DatasetError, match="holds no features"):
        dataset.load()
