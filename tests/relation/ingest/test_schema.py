import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from klue_pipeline.relation.ingest import schema
from klue_pipeline.text.records.schema import RejectedRows
from klue_pipeline.training.splitting.fold_members import FoldMembers


def as_test(sentences: pd.DataFrame) -> pd.DataFrame:
    nothing = pd.Series([None] * len(sentences), dtype="str")
    return sentences.assign(label=nothing, problem=nothing)


def test_normalised_rows_pass_and_keep_their_types(small_sentences):
    checked = schema.Sentences.validate(small_sentences, lazy=True)
    pd.testing.assert_frame_equal(checked, small_sentences)


def test_parquet_keeps_a_table_valid(small_sentences, tmp_path):
    as_test(small_sentences).to_parquet(tmp_path / "test.parquet")
    loaded = pd.read_parquet(tmp_path / "test.parquet")
    pd.testing.assert_frame_equal(schema.TestSentences.validate(loaded), as_test(small_sentences))


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("row_id", "1", "field_uniqueness"),
        ("row_id", "", "str_length"),
        ("sentence", "다른 문장이지만 길이는 충분히 길다.", "words_are_at_their_spans"),
        ("subject_start", -1, "greater_than_or_equal_to"),
        ("subject_end", 0, "spans_have_characters"),
        ("object_text", "고려", "words_are_at_their_spans"),
        ("object_start", 1, "spans_do_not_overlap"),
        ("type_pair", "ORG:PER", "type_pair_is_that_of_the_types"),
        ("pair_key", "이순신\t고려", "pair_key_is_that_of_the_words"),
        ("label", None, "not_nullable"),
        ("given_fold", -1, "greater_than_or_equal_to"),
    ],
)
def test_a_wrong_cell_is_found(small_sentences, column, value, check):
    small_sentences.loc[0, column] = value
    with pytest.raises(SchemaErrors, match=check):
        schema.Sentences.validate(small_sentences, lazy=True)


def test_training_rows_need_an_origin_a_method_and_a_weight(small_sentences):
    with pytest.raises(SchemaErrors, match="origin_id"):
        schema.TrainingSentences.validate(small_sentences, lazy=True)
    origins = small_sentences["row_id"]
    table = small_sentences.assign(origin_id=origins, method="original", weight=1)
    assert schema.TrainingSentences.validate(table)["weight"].dtype == "float64"


EMPTY_TABLES = {
    RejectedRows: ["file", "row_number", "row_id", "reason", "detail"],
    schema.DroppedRows: [
        *schema.Sentences.to_schema().columns,
        "row_number",
        "rule",
        "reason",
        "kept_row_id",
    ],
    schema.ChangedRows: ["file", "row_id", "rule", "column", "before", "after"],
    schema.TestGold: ["row_id", "label"],
    FoldMembers: ["fold", "row_id"],
}


def test_a_dropped_row_has_a_number_a_rule_and_a_reason(small_sentences):
    told = {"row_number": range(1, 25), "rule": "test_overlap", "reason": "in_test_file"}
    table = small_sentences.assign(**told, kept_row_id=None)
    assert schema.DroppedRows.validate(table)["kept_row_id"].isna().all()
    for column, value, check in (
        ("row_number", 0, "greater_than_or_equal_to"),
        ("reason", None, "not_nullable"),
        ("sentence", "다른 문장", "words_are_at_their_spans"),
    ):
        with pytest.raises(SchemaErrors, match=check):
            schema.DroppedRows.validate(table.assign(**{column: value}), lazy=True)


def test_a_change_is_one_of_a_known_file():
    line = {"file": "train", "row_id": "7", "rule": "repair_types", "column": "object_type"}
    table = pd.DataFrame([line | {"before": "POH", "after": "ORG"}])
    assert len(schema.ChangedRows.validate(table)) == 1
    with pytest.raises(SchemaErrors, match="isin"):
        schema.ChangedRows.validate(table.assign(file="dev"), lazy=True)


@pytest.mark.parametrize("model", EMPTY_TABLES)
def test_empty_tables_are_legal(model):
    assert len(model.validate(pd.DataFrame(columns=EMPTY_TABLES[model]), lazy=True)) == 0


def test_a_row_is_validated_once_by_a_fold_but_by_several_folds():
    members = pd.DataFrame({"fold": [0, 1], "row_id": ["7", "7"]})
    assert len(FoldMembers.validate(members)) == 2
    with pytest.raises(SchemaErrors, match="not unique"):
        FoldMembers.validate(members.assign(fold=0), lazy=True)
