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


def test_a_relative_path_starts_at_the_project(project):
    (project / "train.csv").write_bytes("id\r\n가\n".encode())
    assert load("train.csv") == RawFile("train.csv", "id\r\n가\n")
    absolute = str(project / "train.csv")
    assert load(absolute) == RawFile(absolute, "id\r\n가\n")


def test_a_byte_order_mark_is_taken_off(project):
    (project / "train.csv").write_bytes("id,문장".encode("utf-8-sig"))
    assert load("train.csv").text == "id,문장"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"train\.csv is empty \(0 bytes\)"),
        (b"\xef\xbb\xbf \r\n", r"train\.csv is empty"),
        (
            "id,한글".encode("cp949"),
            r"train\.csv, line 1: byte 0xc7 is not UTF-8\. It reads as CP949; save it as",
        ),
        ("id,한글".encode("utf-16"), r"line 1: byte 0xff is not UTF-8\. It is UTF-16"),
        ("id,한글".encode()[:-1], r"line 1: byte 0xea is not UTF-8"),
    ],
)
def test_unreadable_content_says_what_and_where(project, content, message):
    (project / "train.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=message) as error:
        load("train.csv")
    assert str(project / "train.csv") in str(error.value)


def test_a_missing_file_and_a_folder_name_the_path_and_the_setting(project):
    for source, found in (("없다.csv", "There is no file"), ("notebooks", "is a folder")):
        with pytest.raises(DatasetError, match=found) as error:
            load(source)
        assert str(project / source) in str(error.value)
        assert "--params raw.train=<file>" in str(error.value)


def test_no_source_at_all_names_the_setting():
    with pytest.raises(DatasetError, match=r"set raw\.train to a file"):
        load(None)


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


def test_existence_is_that_of_the_file(project):
    (project / "train.csv").write_text("id")
    sources = ("train.csv", "없다.csv", None, "hub:klue:re:train")
    found = [RawRelationDataset(source=source).exists() for source in sources]
    assert found == [True, False, False, True]


def gold(source, test_source="data/test.csv"):
    return RawGoldDataset(source=source, test_source=test_source)


def test_gold_on_auto_is_the_file_beside_the_test_file_if_there(project):
    assert gold("auto").load() is None
    assert not gold("auto").exists()
    (project / "data").mkdir()
    (project / "data" / "test_gold.csv").write_text("id,label")
    assert gold("auto").load() == RawFile("data/test_gold.csv", "id,label")
    assert gold("auto").exists()


def test_gold_that_is_switched_off_is_none_even_with_a_file_there(project):
    (project / "test_gold.csv").write_text("id,label")
    assert gold(None, "test.csv").load() is None


def test_gold_that_was_named_must_be_there(project):
    with pytest.raises(DatasetError, match=r"no file .*gold\.csv.*--params raw\.test_gold=<file>"):
        gold("gold.csv").load()


def test_gold_on_auto_takes_the_labels_of_a_hub_split(hub):
    raw = gold("auto", "hub:klue:re:validation").load()
    assert hub == [("klue", "re", "validation")]
    assert raw.records[0]["label"] == "배우자"


def test_gold_on_auto_ignores_a_hub_split_without_labels(hub, monkeypatch):
    monkeypatch.setitem(HUB_ROWS, "label", [-1, -1, -1])
    assert gold("auto", "hub:klue:re:test").load() is None
    assert gold("hub:klue:re:test").load() is not None
