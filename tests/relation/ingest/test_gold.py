import json

import pytest

from klue_pipeline.relation.ingest.gold import align_gold, build_gold, read_gold
from klue_pipeline.relation.ingest.labels import LabelSets
from klue_pipeline.relation.ingest.parsing import RawFile

SETS = LabelSets.model_validate(
    {
        "contest_30": {"names": ["no_relation", "per:title"], "negative": "no_relation"},
        "klue_30": {"names": ["no_relation", "per:spouse"], "negative": "no_relation"},
    }
)
NAMES = ["no_relation", "per:title", "per:spouse"]
WORD = {"word": "가", "start_idx": 0, "end_idx": 0, "type": "PER"}
KLUE = [
    {
        "guid": guid,
        "sentence": "문장",
        "subject_entity": WORD,
        "object_entity": WORD,
        "label": label,
    }
    for guid, label in (("0", "per:spouse"), ("1", 1))
]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (
            RawFile("g", "id,label\r\n0,per:spouse\r\n1,1\r\n"),
            {"0": "per:spouse", "1": "per:title"},
        ),
        (RawFile("g", "label,memo,id\nno_relation,x,0\n"), {"0": "no_relation"}),
        (RawFile("g", json.dumps(KLUE)), {"0": "per:spouse", "1": "per:spouse"}),
        (RawFile("hub:a:b:c", records=KLUE), {"0": "per:spouse", "1": "per:spouse"}),
        (RawFile("g", "id,label\n0,100\n0,\n"), {"0": None, "0#2": None}),
    ],
)
def test_gold_is_read_from_any_form(raw, wanted):
    assert read_gold(raw, SETS) == wanted


def test_gold_in_an_unknown_form_stops():
    with pytest.raises(ValueError, match="g is in no known format"):
        read_gold(RawFile("g", "guid;label\n"), SETS)
    with pytest.raises(ValueError, match="g, line 3: found 1 fields, wanted 2"):
        read_gold(RawFile("g", "id,label\n0,x\n1\n"), SETS)


def test_gold_comes_in_the_order_of_the_test_rows():
    gold = align_gold({"1": "per:title", "0": "no_relation"}, ["0", "1"], NAMES, "g")
    assert list(gold.items()) == [("0", "no_relation"), ("1", "per:title")]
    assert build_gold(gold).to_dict("list") == {
        "row_id": ["0", "1"],
        "label": ["no_relation", "per:title"],
    }


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ({"0": "per:title"}, r"it lacks 1 test row \(1\) and has 0 other rows"),
        (
            dict.fromkeys("012", "per:title"),
            r"0 test rows \(none\) and has 1 other row \(2\)",
        ),
        ({"0": "per:title", "1": None}, r"1 of 2 labels are missing or .* None of row 1"),
        ({"0": "per:title", "1": "per:tilte"}, "per:tilte of row 1"),
        ({"0": "per:title", "1": "Per:title"}, "'Per:title' is 'per:title' in other case"),
    ],
)
def test_gold_that_does_not_fit_stops(gold, message):
    with pytest.raises(ValueError, match=message):
        align_gold(gold, ["0", "1"], NAMES, "g")
