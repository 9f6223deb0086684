"""The label audit on a hand-made catalog, on its real datasets, and on the bundled sample."""

import json
import time
from pathlib import Path

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
        "reviewed_rows": None,
        "labels": LabelSet(names=names, negative="no_relation"),
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


def test_the_row_that_the_model_contradicts_comes_first(tables, small_sentences):
    before = small_sentences.copy()
    outputs = run_audit(tables)
    pd.testing.assert_frame_equal(small_sentences, before)
    first = outputs["label_suspects"].iloc[0]
    assert (first["row_id"], first["given_label"], bool(first["is_issue"])) == (
        "16", "no_relation", True,
    )  # fmt: skip
    assert first["sentence"] == "[[이순신]]을 다룬 책을 <<부산>>의 한 서점이 전시했다."
    assert first["new_label"] == first["suggested_label"] == tables["labels"].names[1]
    assert outputs["label_audit_report"]["issues"] == 1
    assert outputs["label_audit_report"]["agreement_share"] == pytest.approx(23 / 24)
    noise = outputs["label_noise"].set_index("label")
    assert noise.loc["no_relation", "issues"] == 1


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
    assert set(reviewed["new_label"]) <= set(tables["labels"].names)
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
    names = ["None" if name == "no_relation" else name for name in tables["labels"].names]
    rows = tables["clean_sentences"].replace({"label": {"no_relation": "None"}})
    changed = {
        "clean_sentences": rows,
        "labels": LabelSet(names=names, negative="None"),
        "out_of_fold@one": score_rows(rows, names, wrong=[0]),
    }
    catalog = run_on_disk(tables | changed, entries)
    assert catalog.load("label_noise")["label"].tolist() == names
    assert (catalog.load("label_suspects")["given_label"] == "None").sum() == 6


def fill_in(path, **decisions):
    """Decide about rows in a list, as a reviewer with a spreadsheet does."""
    review = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    is_decided = review["row_id"].isin([row_id.removeprefix("row_") for row_id in decisions])
    review["decision"] = ("row_" + review["row_id"]).map(decisions).where(is_decided, "")
    review.to_csv(path, index=False, encoding="utf-8-sig")
    return review


def test_a_review_goes_back_to_cleaning(tables, entries, tmp_path):
    run_on_disk(tables, entries)
    path = tmp_path / "label_suspects.csv"
    fill_in(path, row_16="relabel", row_3="drop")
    catalog = yaml.safe_load((ROOT / "conf/base/catalog_relation.yml").read_text("utf-8"))
    entry = catalog["reviewed_rows"] | {"filepath": str(path)}
    evidence = Evidence(
        labels=tables["labels"],
        row_ids=frozenset(tables["clean_sentences"]["row_id"]),
        reviewed_rows=DataCatalog.from_config({"reviewed_rows": entry}).load("reviewed_rows"),
    )
    rows = Tables(tables["clean_sentences"], tables["clean_sentences"].head(0))
    outcome = RULES["reviewed_rows"](rows, None, evidence)
    labels = outcome.tables.train.set_index("row_id")["label"]
    before = tables["clean_sentences"].set_index("row_id")["label"]
    assert labels[labels != before].to_dict() == {"16": tables["labels"].names[1]}
    assert outcome.reasons[outcome.reasons != ""].index.tolist() == [3]


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
        assert suspects.loc["16", "new_label"] == tables["labels"].names[1]
    assert "listed the 24 most suspect, 2 of them decided before" in caplog.text
    assert not list(tmp_path.glob("*reviewed-*"))


def test_a_weak_model_and_labels_never_predicted_are_warned_of(tables, caplog):
    run_audit(tables)
    assert "The model agrees with only" not in caplog.text
    rows, names = tables["clean_sentences"], tables["labels"].names
    run_audit(tables | {"out_of_fold@one": score_rows(rows.assign(label="no_relation"), names)})
    assert "The model agrees with only 25% of the labels: most issues are" in caplog.text
    assert "labels_never_predicted in label_audit.json lists them all" in caplog.text


def test_a_file_of_the_size_of_klue_re_takes_seconds(tables):
    generator = np.random.default_rng(0)
    count, names = 32_470, [f"label_{number}" for number in range(30)]
    rows = pd.concat([tables["clean_sentences"]] * (count // 24 + 1), ignore_index=True)[:count]
    labels = [names[number] for number in generator.integers(0, 30, count)]
    rows = rows.assign(row_id=[str(number) for number in range(count)], label=labels)
    changed = {
        "clean_sentences": rows,
        "labels": LabelSet(names=names, negative=None),
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
