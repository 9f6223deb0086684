"""From the chosen methods to the training rows, on the settings that the project ships."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation import driver
from klue_pipeline.relation.augmentation.driver import augment_rows
from klue_pipeline.relation.augmentation.methods import AUGMENTERS
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.ingest.schema import TrainingSentences
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.training.splitting.fold_members import training_and_validation_rows

LAB_BOOK = Path(__file__).resolve().parents[3] / "conf/base/parameters_experiments.yml"
WITHOUT_MODELS = ["entity_swap", "mask_words", "mask_entity", "entity_replace", "eda", "aeda"]
EVERY_ROW = {name: {"share": 1.0} for name in WITHOUT_MODELS}


def chosen(**changes):
    defaults = yaml.safe_load(LAB_BOOK.read_text(encoding="utf-8"))["experiment_defaults"]
    return AugmentParams.model_validate(merge_settings(defaults["augment"], changes))


@pytest.fixture
def sentences(small_sentences):
    return small_sentences.assign(given_fold=pd.array([None] * len(small_sentences), dtype="Int64"))


@pytest.fixture
def labels(small_sentences):
    return LabelSet(names=sorted(set(small_sentences["label"])), negative="no_relation")


@pytest.fixture
def members(small_sentences):
    """Folds 0 to 2 in turn; rows 1 and 2 share their pair and stay together."""
    folds = [place % 3 for place in range(len(small_sentences))]
    folds[2] = folds[1]
    return pd.DataFrame({"fold": folds, "row_id": small_sentences["row_id"]})


def augment(sentences, members, labels, **changes):
    return augment_rows(sentences, members, labels, chosen(**changes), Resources())


def test_without_methods_the_originals_pass_through(sentences, members, labels):
    rows, report = augment(sentences, members, labels)
    wanted = sentences.assign(origin_id=sentences["row_id"], method="original", weight=1.0)
    pd.testing.assert_frame_equal(rows, wanted)
    assert report == {
        "originals": 24,
        "originals_left_out_of_training": 0,
        "rows_added": 0,
        "rows_by_label": {},
        "methods": {},
    }
    assert "origin_id" not in sentences.columns


def test_every_method_adds_sound_rows(sentences, members, labels):
    rows, report = augment(sentences, members, labels, methods=WITHOUT_MODELS, **EVERY_ROW)
    TrainingSentences.validate(rows)
    added = rows[rows["method"] != "original"]
    assert set(added["method"]) == set(WITHOUT_MODELS)
    assert len(added) == report["rows_added"] == sum(report["rows_by_label"].values())
    by_method = {name: counts["rows_added"] for name, counts in report["methods"].items()}
    assert by_method == Counter(added["method"])
    assert report["rows_by_label"] == Counter(added["label"])
    assert not rows.duplicated(["sentence", "subject_start", "object_start", "object_end"]).any()


def test_methods_run_in_the_order_of_their_table(sentences, members, labels):
    turned = augment(sentences, members, labels, methods=WITHOUT_MODELS[::-1], **EVERY_ROW)
    _, report = turned
    assert list(report["methods"]) == [name for name in AUGMENTERS if name in WITHOUT_MODELS]
    straight = augment(sentences, members, labels, methods=WITHOUT_MODELS, **EVERY_ROW)
    pd.testing.assert_frame_equal(turned[0], straight[0])


def test_no_validation_row_has_a_copy_in_training(sentences, members, labels):
    rows, _ = augment(
        sentences, members, labels, methods=[*WITHOUT_MODELS, "oversample"], **EVERY_ROW,
        oversample={"target_share": 1.0},
    )  # fmt: skip
    assert (rows["method"] == "oversample").any()
    for fold in range(3):
        training, validation = training_and_validation_rows(
            rows["row_id"], members, fold, rows["origin_id"]
        )
        assert set(rows["method"][validation]) == {"original"}
        held_out = rows[validation]
        trained = rows[training]
        assert not trained["origin_id"].isin(held_out["row_id"]).any()
        assert not trained["sentence"].isin(held_out["sentence"]).any()
        assert not trained["pair_key"].isin(held_out["pair_key"]).any()


def test_chunks_and_order_of_rows_change_nothing(sentences, members, labels, monkeypatch):
    rows, _ = augment(sentences, members, labels, methods=WITHOUT_MODELS, **EVERY_ROW)
    monkeypatch.setattr(driver, "ROWS_PER_CHUNK", 5)
    turned = sentences.iloc[::-1].reset_index(drop=True)
    again, _ = augment(turned, members, labels, methods=WITHOUT_MODELS, **EVERY_ROW)
    columns = ["row_id", "sentence", "subject_start", "object_start", "label", "weight"]
    by_id = [table.set_index("row_id").sort_index()[columns[1:]] for table in (rows, again)]
    pd.testing.assert_frame_equal(*by_id)


def test_limits_hold_and_are_reported(sentences, members, labels, monkeypatch):
    monkeypatch.setattr(driver, "ROWS_PER_CHUNK", 5)
    changes = {"methods": ["aeda"], "aeda": {"share": 1.0, "max_rows": 5}}
    _, report = augment(sentences, members, labels, **changes)
    assert report["methods"]["aeda"]["rows_added"] == 5
    changes = {"methods": ["aeda"], "aeda": {"share": 1.0, "max_rows_per_label": 1}}
    _, report = augment(sentences, members, labels, **changes)
    assert set(report["methods"]["aeda"]["rows_by_label"].values()) == {1}


def test_weight_is_that_of_the_method_times_that_of_the_row(
    sentences, members, labels, monkeypatch
):
    def build(params, context):
        return lambda rows: (replace(row, sentence=f"{row.sentence}!", weight=0.5) for row in rows)

    monkeypatch.setitem(AUGMENTERS, "aeda", build)
    changes = {"methods": ["aeda"], "aeda": {"share": 1.0, "weight": 0.4}}
    rows, _ = augment(sentences, members, labels, **changes)
    assert set(rows["weight"]) == {1.0, 0.2}


def test_refused_and_skipped_rows_are_counted(sentences, members, labels, monkeypatch, caplog):
    def build(params, context):
        def copy(rows):
            for row in rows:
                context.skipped["of no use"] += 1
                yield row

        return copy

    monkeypatch.setitem(AUGMENTERS, "aeda", build)
    changes = {"methods": ["aeda"], "aeda": {"share": 1.0}}
    rows, report = augment(sentences, members, labels, **changes)
    assert len(rows) == 24
    assert report["methods"]["aeda"]["skipped"] == {"of no use": 24}
    assert report["methods"]["aeda"]["refused"] == {"it is there already": 24}
    assert "aeda added no row" in caplog.text


def test_a_method_that_breaks_spans_is_stopped(sentences, members, labels, monkeypatch):
    monkeypatch.setitem(
        AUGMENTERS,
        "aeda",
        lambda params, context: lambda rows: (replace(row, sentence="!") for row in rows),
    )
    with pytest.raises(ValueError, match=r"wanted .* found"):
        augment(sentences, members, labels, methods=["aeda"])


def test_undersampled_originals_stay_in_the_table_without_weight(sentences, members, labels):
    rows, report = augment(sentences, members, labels, undersample={"target_share": 0.5})
    assert len(rows) == 24
    # no_relation has 6 rows and keeps 3; no other label has more than 3.
    left_out = rows[rows["weight"] == 0]
    assert left_out["label"].tolist() == ["no_relation"] * 3
    assert report["originals_left_out_of_training"] == 3


def test_nothing_is_made_of_originals_that_do_not_train(sentences, members, labels):
    changes = {"methods": ["aeda"], "aeda": {"share": 1.0}, "undersample": {"target_share": 0.5}}
    rows, _ = augment(sentences, members, labels, **changes)
    left_out = set(rows.loc[rows["weight"] == 0, "row_id"])
    assert len(left_out) == 3
    assert not rows.loc[rows["method"] == "aeda", "origin_id"].isin(left_out).any()


def test_wrong_settings_are_refused():
    with pytest.raises(ValidationError, match="methods"):
        chosen(methods=["swap_entities"])
    with pytest.raises(ValidationError, match="more than once"):
        chosen(methods=["aeda", "aeda"])
    with pytest.raises(ValidationError, match=r"fill_mask needs fill_mask\.model"):
        chosen(methods=["fill_mask"])
    with pytest.raises(ValidationError, match="models goes with source=models"):
        chosen(back_translation={"source": "models"})
    with pytest.raises(ValidationError, match="need synonyms=table"):
        chosen(eda={"operations": ["synonym"]})


def test_only_settings_of_chosen_methods_are_read():
    assert {"aeda", "eda"} <= chosen(methods=["entity_swap"]).unread_fields()
    assert "entity_swap" not in chosen(methods=["entity_swap"]).unread_fields()
    assert "undersample" not in chosen().unread_fields()
