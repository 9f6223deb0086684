"""The label audit on a hand-made catalog, on its real datasets, and on the bundled sample."""

import json
import time
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.label_audit import create_pipeline
from klue_pipeline.relation.cleaning import RULES, Evidence, Tables
from klue_pipeline.relation.settings.exploration_params import LabelAuditParams
from klue_pipeline.relation.settings.params import TargetParams

ROOT = Path(__file__).resolve().parents[3]
FILES = ["label_suspects", "label_noise", "label_audit_report", "label_audit_figure"]
NO_CHANGES = pd.DataFrame(columns=["file", "row_id", "rule", "column", "before", "after"])


def default_params():
    settings = yaml.safe_load((ROOT / "conf/base/parameters_label_audit.yml").read_text("utf-8"))
    return LabelAuditParams(**settings["label_audit"])


def score_rows(rows, names, certainty=3.0, wrong=()):
    """Scores that are right but for the rows at the places in ``wrong``, one label too far."""
    ids = np.array([names.index(label) for label in rows["label"]])
    ids[list(wrong)] = (ids[list(wrong)] + 1) % len(names)
    noise = np.random.default_rng(0).normal(size=(len(rows), len(names)))
    logits = (certainty * np.eye(len(names))[ids] + 0.1 * noise).astype(np.float32)
    folds = np.arange(len(rows)) % 2
    return ScoreTable(rows["row_id"].to_numpy(dtype=object), logits, tuple(names), folds)


@pytest.fixture
def tables(small_sentences):
    names = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    return {
        "out_of_fold@one": score_rows(small_sentences, names, wrong=[16]),
        "clean_sentences": small_sentences,
        "changed_rows": NO_CHANGES,
        "reviewed_rows": None,
        "labels": LabelSet(names=names, negative="no_relation").model_dump(),
        "params:target": TargetParams(name="all"),
        "params:label_audit": default_params(),
    }


def run_nodes(nodes, catalog):
    outputs = SequentialRunner().run(create_pipeline().filter(node_names=nodes), catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def make_catalog(tables, entries=None):
    catalog = DataCatalog.from_config(entries or {})
    for name, table in tables.items():
        catalog[name] = table
    return catalog


def run_audit(tables):
    """Run the nodes one by one, as Kedro forgets what another node of the same run has read."""
    outputs = run_nodes(["audit_labels"], make_catalog(tables))
    return outputs | run_nodes(["plot_label_audit"], make_catalog(outputs))


def run_on_disk(tables, entries):
    catalog = make_catalog(tables, entries)
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


def test_the_row_that_the_model_contradicts_comes_first(tables):
    outputs = run_audit(tables)
    first = outputs["label_suspects"].iloc[0]
    assert (first["row_id"], first["given_label"], bool(first["is_issue"])) == (
        "16", "no_relation", True,
    )  # fmt: skip
    assert first["sentence"] == "[[이순신]]을 다룬 책을 <<부산>>의 한 서점이 전시했다."
    assert first["new_label"] == first["suggested_label"] == tables["labels"]["names"][1]
    assert outputs["label_audit_report"]["issues"] == 1
    assert outputs["label_audit_report"]["agreement_share"] == pytest.approx(23 / 24)
    assert outputs["label_audit_report"]["validation"] is None
    noise = outputs["label_noise"].set_index("label")
    assert noise.loc["no_relation", "issues"] == 1


def test_no_input_is_changed(tables):
    before = tables["clean_sentences"].copy()
    run_audit(tables)
    pd.testing.assert_frame_equal(tables["clean_sentences"], before)


def test_flipped_labels_are_validated(tables, small_sentences):
    flips = pd.DataFrame(
        {"file": "train", "row_id": ["16"], "rule": "flip_labels", "column": "label"}
        | {"before": tables["labels"]["names"][1], "after": "no_relation"}
    )
    outputs = run_audit(tables | {"changed_rows": flips})
    validation = outputs["label_audit_report"]["validation"]
    assert (validation["average_precision"], validation["suggestion_is_true_share"]) == (1, 1)
    assert len(outputs["label_audit_figure"].axes) == 2


def test_a_binary_model_is_audited_in_its_own_labels(tables, small_sentences):
    names = ["no_relation", "relation"]
    answers = small_sentences.assign(
        label=np.where(small_sentences["label"] == "no_relation", *names)
    )
    changed = {
        "out_of_fold@one": score_rows(answers, names, wrong=[0, 16]),
        "params:target": TargetParams(name="binary"),
    }
    outputs = run_audit(tables | changed)
    suspects = outputs["label_suspects"].set_index("row_id").loc[["0", "16"]]
    assert suspects["given_label"].tolist() == ["per:origin", "no_relation"]
    assert suspects["suggested_label"].tolist() == ["no_relation", "relation"]
    assert suspects["new_label"].tolist() == ["no_relation", ""]
    assert outputs["label_noise"]["label"].tolist() == names


@pytest.fixture
def entries(tmp_path):
    """The datasets of the real catalog, below a folder of this test."""
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_relation.yml").read_text("utf-8"))
    files = {name: dict(catalog[name]) for name in FILES}
    for entry in files.values():
        entry["filepath"] = str(tmp_path / Path(entry["filepath"]).name)
    return files


def test_the_files_are_what_a_spreadsheet_and_cleaning_can_read(tables, entries, tmp_path):
    rows = tables["clean_sentences"]
    odd = rows.assign(source=["=cmd|' /C calc'!A0", None, *rows["source"][2:]])
    catalog = run_on_disk(tables | {"clean_sentences": odd}, entries)
    written = (tmp_path / "label_suspects.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")  # Excel takes it for UTF-8
    assert b",=" not in written
    suspects = catalog.load("label_suspects").set_index("row_id")
    assert suspects.loc["0", "source"] == "'=cmd|' /C calc'!A0"
    # What is read back are the rows of the data, undecided.
    reviewed = pd.read_csv(tmp_path / "label_suspects.csv", encoding="utf-8-sig", dtype=str)
    assert set(reviewed["row_id"]) == set(rows["row_id"])
    assert reviewed["decision"].isna().all()
    assert set(reviewed["new_label"]) <= set(tables["labels"]["names"])
    report = json.loads((tmp_path / "label_audit.json").read_text("utf-8"))
    assert report["rows"]["audited"] == len(rows)
    assert (tmp_path / "label_audit.png").stat().st_size > 5_000


def test_the_figure_can_be_drawn_again_from_the_files(tables, entries, tmp_path):
    catalog = run_on_disk(tables, entries)
    assert len(catalog.load("label_audit_report")["confusions"]) == 1
    drawn = (tmp_path / "label_audit.png").read_bytes()
    (tmp_path / "label_audit.png").unlink()
    SequentialRunner().run(create_pipeline().filter(node_names=["plot_label_audit"]), catalog)
    assert (tmp_path / "label_audit.png").read_bytes() == drawn


def test_a_label_called_none_stays_one(tables, entries):
    """Pandas reads ``None``, ``NA`` and ``null`` as missing unless it is told not to."""
    names = ["None" if name == "no_relation" else name for name in tables["labels"]["names"]]
    rows = tables["clean_sentences"].replace({"label": {"no_relation": "None"}})
    changed = {
        "clean_sentences": rows,
        "labels": {"names": names, "negative": "None"},
        "out_of_fold@one": score_rows(rows, names, wrong=[0]),
    }
    catalog = run_on_disk(tables | changed, entries)
    assert catalog.load("label_noise")["label"].tolist() == names
    assert (catalog.load("label_suspects")["given_label"] == "None").sum() == 6


def test_a_review_goes_back_to_cleaning(tables, entries, tmp_path):
    run_on_disk(tables, entries)
    path = tmp_path / "label_suspects.csv"
    review = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    review.loc[review["row_id"] == "16", "decision"] = "relabel"
    review.loc[review["row_id"] == "3", "decision"] = "drop"
    review.to_csv(path, index=False, encoding="utf-8-sig")
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_relation.yml").read_text("utf-8"))
    entry = catalog["reviewed_rows"] | {"filepath": str(path)}
    evidence = Evidence(
        labels=LabelSet.model_validate(tables["labels"]),
        row_ids=frozenset(tables["clean_sentences"]["row_id"]),
        reviewed_rows=DataCatalog.from_config({"reviewed_rows": entry}).load("reviewed_rows"),
    )
    rows = Tables(tables["clean_sentences"], tables["clean_sentences"].head(0))
    outcome = RULES["reviewed_rows"](rows, None, evidence)
    labels = outcome.tables.train.set_index("row_id")["label"]
    before = tables["clean_sentences"].set_index("row_id")["label"]
    assert labels[labels != before].to_dict() == {"16": tables["labels"]["names"][1]}
    assert outcome.reasons[outcome.reasons != ""].index.tolist() == [3]


def fill_in(path, **decisions):
    """Decide about rows in a list, as a reviewer with a spreadsheet does."""
    review = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    is_decided = review["row_id"].isin([row_id.removeprefix("row_") for row_id in decisions])
    review["decision"] = ("row_" + review["row_id"]).map(decisions).where(is_decided, "")
    review.to_csv(path, index=False, encoding="utf-8-sig")
    return review


def test_a_second_audit_keeps_the_list_that_was_filled_in(tables, entries, tmp_path, caplog):
    run_on_disk(tables, entries)
    fill_in(tmp_path / "label_suspects.csv", row_16="relabel", row_3="drop")
    filled_in = (tmp_path / "label_suspects.csv").read_bytes()
    catalog = run_on_disk(tables, entries)
    assert (tmp_path / "label_suspects.reviewed-1.csv").read_bytes() == filled_in
    assert "it is label_suspects.reviewed-1.csv now" in caplog.text
    assert catalog.load("label_suspects")["decision"].isna().all()


def test_a_second_round_shows_what_was_decided_and_moves_nothing(tables, entries, tmp_path, caplog):
    run_on_disk(tables, entries)
    reviewed = fill_in(tmp_path / "label_suspects.csv", row_16="relabel", row_3="keep")
    caplog.set_level("INFO")
    for _ in range(2):
        catalog = run_on_disk(tables | {"reviewed_rows": reviewed}, entries)
        suspects = catalog.load("label_suspects").set_index("row_id")
        assert suspects["decision"].dropna().to_dict() == {"16": "relabel", "3": "keep"}
        assert suspects.loc["16", "new_label"] == tables["labels"]["names"][1]
    assert "listed the 24 most suspect, 2 of them decided before" in caplog.text
    assert not list(tmp_path.glob("*reviewed-*"))


def test_a_weak_model_is_warned_of(tables, caplog):
    run_audit(tables)
    assert "The model agrees with only" not in caplog.text
    names = tables["labels"]["names"]
    weak = score_rows(tables["clean_sentences"], names, wrong=range(0, 24, 3))
    run_audit(tables | {"out_of_fold@one": weak})
    assert "The model agrees with only 67 % of the labels: most issues are" in caplog.text


def test_labels_never_predicted_are_said_to_stand_in_a_file(tables, caplog):
    names = tables["labels"]["names"]
    never = score_rows(tables["clean_sentences"].assign(label="no_relation"), names)
    run_audit(tables | {"out_of_fold@one": never})
    assert "labels_never_predicted in label_audit.json lists them all" in caplog.text


def test_kedro_can_read_every_signature():
    for node in create_pipeline().nodes:
        assert get_type_hints(node.func)


@pytest.mark.slow
def test_flips_in_the_bundled_sample_are_found_far_above_chance(tables):
    """A naive Bayes model of characters stands in for an encoder; 3 % of the labels are flipped."""
    rows, names = read_sample()
    generator = np.random.default_rng(0)
    flipped = np.sort(generator.permutation(len(rows))[: round(0.03 * len(rows))])
    truth = rows["label"].to_numpy(dtype=object)
    given = truth.copy()
    for row in flipped:
        given[row] = generator.choice([name for name in names if name != truth[row]])
    rows = rows.assign(label=given)
    flips = pd.DataFrame(
        {"file": "train", "row_id": rows["row_id"][flipped], "rule": "flip_labels"}
        | {"column": "label", "before": truth[flipped], "after": given[flipped]}
    )
    changed = {
        "clean_sentences": rows,
        "changed_rows": flips,
        "labels": {"names": names, "negative": "no_relation"},
        "out_of_fold@one": score_out_of_fold(rows, names),
    }
    validation = run_audit(tables | changed)["label_audit_report"]["validation"]
    assert validation["audited_flipped_rows"] == len(flipped)
    assert validation["average_precision"] > 10 * validation["flipped_share"]
    tops = {top["rows"]: top for top in validation["top"]}
    first = tops[round(0.01 * len(rows))]
    assert first["precision"] > 20 * first["precision_by_chance"]
    assert all(top["recall"] > 5 * top["recall_by_chance"] for top in tops.values())


def read_sample():
    """The sample's training rows without the ones ingest would reject, and the label names."""
    from klue_pipeline.relation.ingest.parsing import RawFile, read_rows
    from klue_pipeline.relation.ingest.sentence_table import build_sentences

    path = ROOT / "data/01_raw/sample/train.csv"
    _, raw_rows = read_rows(RawFile(path.name, path.read_text("utf-8")), "auto")
    good = [
        row
        for row in raw_rows
        if all(
            row.sentence[entity.start : entity.end] == entity.word
            for entity in (row.subject, row.object)
        )
    ]
    return build_sentences(good, [row.label for row in good]), sorted({row.label for row in good})


def score_out_of_fold(rows, names):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import KFold
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    from klue_pipeline.relation.label_audit.suspects import mark_entities

    texts = np.array(mark_entities(rows), dtype=object) + " " + rows["type_pair"].to_numpy()
    probabilities = np.full((len(rows), len(names)), 1e-6)
    for train, held_out in KFold(3, shuffle=True, random_state=0).split(texts):
        vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=5)
        model = make_pipeline(vectors, MultinomialNB(alpha=0.01))
        model.fit(texts[train], rows["label"].to_numpy(dtype=object)[train])
        columns = [names.index(name) for name in model.classes_]
        probabilities[np.ix_(held_out, columns)] = model.predict_proba(texts[held_out])
    logits = np.log(probabilities).astype(np.float32)
    return ScoreTable(rows["row_id"].to_numpy(dtype=object), logits, tuple(names))


def test_a_file_of_the_size_of_klue_re_takes_seconds(tables):
    generator = np.random.default_rng(0)
    count, names = 32_470, [f"label_{number}" for number in range(30)]
    rows = pd.concat([tables["clean_sentences"]] * (count // 24 + 1), ignore_index=True)[:count]
    labels = [names[number] for number in generator.integers(0, 30, count)]
    rows = rows.assign(row_id=[str(number) for number in range(count)], label=labels)
    changed = {
        "clean_sentences": rows,
        "labels": {"names": names, "negative": None},
        "out_of_fold@one": score_rows(rows, names, wrong=range(0, count, 33)),
    }
    started = time.perf_counter()
    outputs = run_audit(tables | changed)
    assert time.perf_counter() - started < 15
    assert outputs["label_suspects"]["rank"].iloc[-1] == 1000


@pytest.mark.slow
def test_the_report_of_a_project_has_the_audit(staged_run):
    report = staged_run.read_json("08_reporting/typed_punct_query/label_audit.json")
    assert report["rows"]["audited"] == report["rows"]["all"] > 0
    folder = staged_run.data / "08_reporting/typed_punct_query"
    assert {path.name for path in folder.glob("label_*")} == {
        "label_audit.json", "label_audit.png", "label_noise.csv", "label_suspects.csv",
    }  # fmt: skip
