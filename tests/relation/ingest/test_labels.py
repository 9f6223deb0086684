from pathlib import Path
from unicodedata import normalize

import pytest
import yaml

from klue_pipeline.relation.ingest.labels import (
    EntityTypes,
    LabelSets,
    choose_labels,
    infer_labels,
    name_label,
    require_learnable,
)
from klue_pipeline.relation.settings.params import LabelsParams

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "parameters_labels.yml"
NO_CHOICE = LabelsParams(names=None, negative=None)
SHARED = {"names": ["없음", "배우자"], "negative": "없음"}


@pytest.fixture(scope="module")
def shipped() -> LabelSets:
    return LabelSets.model_validate(yaml.safe_load(PARAMETERS.read_text("utf-8"))["label_sets"])


def test_shipped_lists_are_sound(shipped):
    sizes = {
        name: len(choose_labels(NO_CHOICE, name, "klue", shipped).names) for name in shipped.root
    }
    assert sizes == {"klue_30": 30, "contest_30": 30, "legacy_42": 42}
    assert set(shipped.root["klue_30"].names) == set(shipped.root["contest_30"].names)
    assert all(labels.names[0] == labels.negative for labels in shipped.root.values())


@pytest.mark.parametrize(
    ("name", "places"),
    [  # relation_list.json, dict_label_to_num.pkl, label_type.pkl
        ("klue_30", {1: "org:dissolved", 10: "org:top_members/employees", 29: "per:title"}),
        ("contest_30", {1: "org:top_members/employees", 17: "per:spouse", 29: "per:religion"}),
        ("legacy_42", {1: "인물:배우자", 6: "단체:별칭", 41: "인물:나이"}),
    ],
)
def test_shipped_orders(shipped, name, places):
    assert {place: shipped.root[name].names[place] for place in places} == places


def test_shipped_entity_types():
    types = EntityTypes.model_validate(
        yaml.safe_load(PARAMETERS.read_text("utf-8"))["entity_types"]
    )
    assert types.root == {"PER", "ORG", "LOC", "DAT", "POH", "NOH"}


@pytest.mark.parametrize(
    ("format_name", "wanted"),
    [("contest_csv", "contest_30"), ("klue", "contest_30"), ("legacy_tsv", "legacy_42")],
)
def test_auto_depends_on_the_format(shipped, format_name, wanted):
    assert choose_labels(NO_CHOICE, "auto", format_name, shipped) == shipped.root[wanted]


def test_numbers_follow_the_order_of_the_file_not_of_the_chosen_list(shipped):
    assert name_label(24, shipped.numbered_names("klue")) == "per:spouse"
    assert name_label(17, shipped.numbered_names("contest_csv")) == "per:spouse"
    assert name_label(1, shipped.numbered_names("legacy_tsv")) == "인물:배우자"


@pytest.mark.parametrize(
    ("label_sets", "setting", "message"),
    [
        ({"mine": SHARED}, "klue30", "label_set is klue30; known label sets are auto, mine"),
        ({"mine": SHARED}, "auto", "label_set is contest_30; known label sets are auto, mine"),
        ({"mine": SHARED | {"negative": "무관"}}, "mine", "negative label 무관 is not among"),
        ({"mine": SHARED | {"names": ["없음", "없음"]}}, "mine", "names 없음 more than once"),
    ],
)
def test_unusable_label_sets_are_refused(label_sets, setting, message):
    with pytest.raises(ValueError, match=message):
        choose_labels(NO_CHOICE, setting, "klue", LabelSets.model_validate(label_sets))


@pytest.mark.parametrize("label", [None, 100, -1, "blind"])
def test_what_stands_for_no_label(label):
    assert name_label(label, ("없음",)) is None


@pytest.mark.parametrize("number", [-2, 2, 99])
def test_a_number_outside_the_order_has_no_name(number):
    assert name_label(number, ("없음", "배우자")) == str(number)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ["인수", normalize("NFD", "인수")],
            r"mine has labels that look the same and are not: '\\u",
        ),
        (["owns", "owns\u200b"], r"'owns' and 'owns\\u200b'"),
        (["is part", "is\u00a0part"], r"'is part' and 'is\\xa0part'"),
    ],
)
def test_labels_that_look_the_same_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        infer_labels(labels, None, "mine")
    with pytest.raises(ValueError, match=message.replace("mine", "labels")):
        choose_labels(LabelsParams(names=labels, negative=None), "auto", "table", LabelSets({}))


def test_labels_that_differ_by_case_are_warned_of(caplog):
    assert infer_labels(["Owns", "owns"], None, "mine").names == ["Owns", "owns"]
    assert "differ by case only are different labels: Owns, owns" in caplog.text


@pytest.mark.parametrize(
    ("negative", "message"), [("없음", "which means no relation"), (None, "All 2 rows have the")]
)
def test_one_label_alone_teaches_nothing(negative, message):
    require_learnable(["없음", "배우자"], negative, "rows")
    with pytest.raises(ValueError, match=message):
        require_learnable(["없음", "없음"], negative, "rows")
