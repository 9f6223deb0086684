import pytest
from kedro.io import DatasetError

import datasets
from klue_pipeline.datasets.inputs.raw_relation import RawGoldDataset, RawRelationDataset
from klue_pipeline.relation.ingest.parsing import RawFile

HUB_ROWS = {"guid": ["a", "b", "c"], "label": [1, 0, -1]}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder, entered at a folder inside it, as notebooks are."""
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\npackage_name = 'x'\n")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


@pytest.fixture
def hub(monkeypatch):
    """The hub's client, answering every request with three rows and noting what was asked."""
    asked = []
    features = datasets.Features(
        {"guid": datasets.Value("string"), "label": datasets.ClassLabel(names=["없음", "배우자"])}
    )

    def load_dataset(name, config, *, split):
        asked.append((name, config, split))
        return datasets.Dataset.from_dict(HUB_ROWS, features=features)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return asked


def load(source):
    return RawRelationDataset(source=source, setting="raw.train").load()


def test_a_relative_path_starts_at_the_project_and_a_byte_order_mark_is_taken_off(project):
    (project / "train.csv").write_bytes("id\r\n가\n".encode("utf-8-sig"))
    for source in ("train.csv", str(project / "train.csv")):
        assert load(source) == RawFile(source, "id\r\n가\n")
    sources = ("train.csv", "없다.csv", None, "hub:klue:re:train")
    found = [RawRelationDataset(source=source).exists() for source in sources]
    assert found == [True, False, False, True]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("없다.csv", r"There is no file .*/없다\.csv .*--params raw\.train=<file>"),
        ("notebooks", r"/notebooks is a folder.*--params raw\.train=<file>"),
        (None, r"set raw\.train to a file"),
    ],
)
def test_a_source_that_is_no_file_names_the_setting(project, source, message):
    with pytest.raises(DatasetError, match=message):
        load(source)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"train\.csv is empty \(0 bytes\)"),
        (b"\xef\xbb\xbf \r\n", r"train\.csv is empty"),
        (
            "id,한글".encode("cp949"),
            r"train\.csv, line 1: byte 0xc7 is not UTF-8\. It reads as CP949; save it as",
        ),
        ("id,한글".encode("utf-16"), r"line 1: this is UTF-16, which Excel"),
        ("id,한글".encode()[:-1], r"line 1: byte 0xea is not UTF-8"),
    ],
)
def test_unreadable_content_says_what_and_where(project, content, message):
    (project / "train.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=message) as error:
        load("train.csv")
    assert str(project / "train.csv") in str(error.value)


def test_a_hub_split_comes_with_labels_by_name(hub):
    raw = load("hub:klue/klue:re:train")
    assert hub == [("klue/klue", "re", "train")]
    assert raw.text is None
    assert [(row["guid"], row["label"]) for row in raw.records] == [
        ("a", "배우자"),
        ("b", "없음"),
        ("c", None),
    ]


@pytest.mark.parametrize("source", ["hub:klue:re", "hub:klue::train", "hub:"])
def test_a_broken_hub_id_shows_its_form(source):
    with pytest.raises(DatasetError, match="wanted hub:<data set>:<config>:<split>"):
        load(source)


def test_a_failed_download_says_to_give_a_file(monkeypatch):
    def fail(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(DatasetError, match=r"no route.*--params raw\.train=<file>"):
        load("hub:klue:re:train")


def gold(source, test_source="data/test.csv"):
    return RawGoldDataset(source=source, test_source=test_source)


@pytest.mark.parametrize("source", [None, "auto", "data/test_gold.csv"])
def test_gold_is_off_beside_the_test_file_or_where_it_was_named(project, source):
    if source == "auto":
        assert (gold(source).load(), gold(source).exists()) == (None, False)
    elif source:
        with pytest.raises(
            DatasetError, match=r"no file .*gold\.csv.*--params raw\.test_gold=<file>"
        ):
            gold(source).load()
    (project / "data").mkdir()
    (project / "data" / "test_gold.csv").write_text("id,label")
    wanted = RawFile("data/test_gold.csv", "id,label") if source else None
    assert gold(source).load() == wanted
    assert gold(source).exists() == bool(source)


def test_gold_on_auto_is_in_a_hub_split_if_that_has_labels(hub, monkeypatch):
    raw = gold("auto", "hub:klue:re:validation").load()
    assert hub == [("klue", "re", "validation")]
    assert raw.records[0]["label"] == "배우자"
    monkeypatch.setitem(HUB_ROWS, "label", [-1, -1, -1])
    assert gold("auto", "hub:klue:re:test").load() is None
    assert gold("hub:klue:re:test").load() is not None


def test_a_file_to_do_without_is_none_where_none_is_named_and_wanted_where_one_is(project):
    def made(source):
        return RawRelationDataset(source=source, setting="raw.unlabelled", required=False)

    assert made(None).load() is None
    assert (made(None).exists(), made(None).resolved_source) == (False, None)
    with pytest.raises(DatasetError, match=r"raw\.unlabelled"):
        made("nowhere.csv").load()
