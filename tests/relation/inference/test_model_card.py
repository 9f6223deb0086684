"""The model card, with figures that a reader can check."""

import ast
import dataclasses
import re

import pandas as pd
import pytest
import yaml
from markdown_it import MarkdownIt

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.inference.model_card import CardFacts, write_model_card
from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.reporting.model_card import is_hub_id, without_folders
from klue_pipeline.training.params import EncoderParams, LossParams

NOT_STATED = {"model": None, "data": None, "encoder": None}
INTERVALS = {
    "micro_f1": 61.5, "micro_f1_low": 55.25, "micro_f1_high": 66.75,
    "auprc": 50.0, "auprc_low": 40.0, "auprc_high": 60.0,
    "accuracy": 70.0, "accuracy_low": 65.0, "accuracy_high": 75.0,
}  # fmt: skip
METRICS = {
    "out_of_fold": {"micro_f1": 61.5, "auprc": 50.0, "accuracy": 70.0, "rows": 24},
    "intervals": INTERVALS,
    "shift_aware": None,
    "prior": {"source": "none", "negative_share": None},
    "test": None,
}
HOSTILE = "a|b<script>`x`\n# y"


def per_label(names):
    return pd.DataFrame(
        {"label": names, "support": 1, "precision": None, "recall": 50.0, "f1": 12.34}
    )


@pytest.fixture
def facts(small_sentences):
    names = ["no_relation", *sorted(set(small_sentences["label"]) - {"no_relation"})]
    return CardFacts(
        about=AboutParams(experiment="typed_punct", folder="typed_punct", why="표지가 돕는다"),
        training_source="my/train.csv",
        unlabelled_source=None,
        input_params=InputParams(
            name="typed_entity_marker_punct",
            query="question",
            query_position="after",
            type_words={},
        ),
        encoder=EncoderParams(name="klue/roberta-large", revision="abc"),
        head=HeadParams(name="cls_entity_start"),
        loss=LossParams(name="focal", gamma=1.0),
        augmentation=[],
        target=TargetParams(name="all"),
        max_tokens=96,
        export=ExportParams(licences=NOT_STATED, known_licences=[]),
        confidence=0.95,
        labels=LabelSet(names=names, negative="no_relation"),
        sentences=small_sentences,
        fold_report={"n_splits": 2, "strategy": "stratified_group", "leak_rate": 0.125},
        folds=[0, 1],
        trained_folds=[0, 1],
        chosen_by=None,
        refit=None,
        metrics=METRICS,
        per_label=per_label(names),
        temperature=1.25,
    )


def card(facts, **changes):
    return write_model_card(dataclasses.replace(facts, **changes))


def front_matter(text):
    _, front, _ = text.split("---\n", 2)
    return yaml.safe_load(front)


def cells(text, first):
    """The other cells of the row that begins with a cell."""
    [row] = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in row.strip("|").split(" | ")[1:]]


def test_the_hub_finds_its_metadata(facts):
    assert front_matter(card(facts)) == {
        "language": ["ko"],
        "library_name": "klue_pipeline",
        "pipeline_tag": "text-classification",
        "tags": ["relation-extraction", "klue_pipeline"],
        "base_model": "klue/roberta-large",
    }


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("cc-by-sa-4.0", {"license": "cc-by-sa-4.0"}),
        ("MIT OR Apache-2.0", {"license": "other", "license_name": "MIT OR Apache-2.0"}),
        ("우리 회사: 비공개", {"license": "other", "license_name": "우리 회사: 비공개"}),
    ],
)
def test_the_licence_of_the_model_is_that_of_the_hub_or_other(facts, licence, told):
    export = ExportParams(licences={**NOT_STATED, "model": licence}, known_licences=[])
    text = card(facts, export=export)
    assert told.items() <= front_matter(text).items()
    assert cells(text, "model") == [licence]


def test_a_licence_that_nobody_stated_says_what_to_set(facts):
    text = card(facts)
    for what in ("model", "data", "encoder"):
        assert cells(text, what) == [f"not stated: set export.licences.{what}"]


def test_a_known_licence_goes_with_its_source_and_gives_way_to_a_stated_one(facts):
    known = [{"source": "my/", "licence": "MIT"}, {"source": "klue/roberta-large", "licence": "X"}]
    export = ExportParams(licences=NOT_STATED, known_licences=known)
    text = card(facts, export=export)
    assert (cells(text, "data"), cells(text, "encoder")) == (["MIT"], ["X"])
    stated = ExportParams(licences={**NOT_STATED, "data": "Y"}, known_licences=known)
    assert cells(card(facts, export=stated), "data") == ["Y"]
    assert "not stated" in cells(card(facts, export=export, training_source="b.csv"), "data")[0]


def test_only_an_encoder_from_scratch_has_no_licence(facts):
    export = ExportParams(licences={**NOT_STATED, "encoder": "MIT"}, known_licences=[])
    scratch = card(facts, export=export, encoder=EncoderParams(name="scratch"))
    assert cells(scratch, "encoder") == ["none; built from scratch"]
    assert "base_model" not in front_matter(scratch)
    assert "not meant for use" in scratch
    assert cells(card(facts, export=export), "encoder") == ["MIT"]


def test_a_student_names_its_teachers(facts):
    assert "\n- Loss: focal\n- Made by" in card(facts)
    of_student = {"teachers": ["typed", "rbert"], "temperature": 2.0, "teacher_weight": 0.4}
    loss = LossParams(name="distillation", inside="cross_entropy", **of_student)
    told = "Loss: distillation; 40 % of it asks for the probabilities of `typed`, `rbert`, as each "
    assert told in card(facts, loss=loss)
    assert "Rows without labels" not in card(facts, loss=loss)
    of_more = card(facts, loss=loss, unlabelled_source="/home/me/more.csv")
    assert "only the teachers' scores were learnt: more.csv\n" in of_more


def test_labels_have_their_rows_and_scores(facts):
    text = card(facts)
    assert cells(text, "no\\_relation") == ["6", "25.0 %", "–", "50.0", "12.3"]
    assert cells(text, "per:spouse")[0] == "2"
    assert "Rows: 24, after cleaning" in text
    assert "12.5 % of the rows" in text


@pytest.mark.parametrize(
    ("target", "names", "rows", "left_out"),
    [
        ("binary", ["no_relation", "relation"], "Rows: 24", "leaves out no\\_relation"),
        ("positive", ["per:spouse"], "Rows: 18 of 24", "leaves out no label"),
    ],
)
def test_a_member_is_described_in_its_own_labels(facts, target, names, rows, left_out):
    text = card(facts, target=TargetParams(name=target), per_label=per_label(names))
    assert rows in text
    assert left_out in text
    assert ("| no\\_relation |" in text) == (target == "binary")
    assert ("| relation | 18 |" in text) == (target == "binary")


def test_scores_stand_with_their_intervals_and_only_where_there_are_some(facts):
    text = card(facts)
    assert "| score | out of fold |\n" in text
    assert cells(text, "micro F1") == ["61.50 (55.25 to 66.75)"]
    assert "temperature 1.250, fitted" in text
    shifted = {**INTERVALS, "micro_f1": 44.0}
    metrics = {
        **METRICS,
        "shift_aware": shifted,
        "prior": {"source": "given", "negative_share": 0.6},
        "test": {"micro_f1": 33.333, "auprc": 1.0, "accuracy": 2.0, "rows": 415},
    }
    text = card(facts, metrics=metrics, temperature=1.0)
    assert cells(text, "micro F1") == [
        "61.50 (55.25 to 66.75)", "44.00 (55.25 to 66.75)", "33.33",
    ]  # fmt: skip
    assert "prior given, 60.0 % without a relation" in text
    assert "the 415 test rows" in text
    assert "temperature 1.000 (none was fitted" in text


def test_folds_that_were_not_trained_are_told(facts):
    assert "Only" not in card(facts)
    assert "Only 1 of 2 folds were trained" in card(facts, folds=[1], trained_folds=[1])


def test_the_best_fold_alone_is_told_from_folds_that_were_not_trained(facts):
    metrics = {**METRICS, "test": {"micro_f1": 1.0, "auprc": 1.0, "accuracy": 2.0, "rows": 415}}
    text = card(facts, folds=[1], chosen_by="micro_f1", metrics=metrics)
    assert "The best of 2 folds by micro\\_f1" in text
    assert "scored by the average of all 2 folds' models" in text
    assert "were trained" not in text
    assert "their probabilities are averaged" not in text
    assert "(`fold_1`)" in card(facts, folds=[1])


@pytest.mark.parametrize(
    "source", ["/home/me/비밀/train.csv", "C:\\Users\\me\\비밀\\train.csv", "~/비밀/train.csv"]
)
def test_no_path_of_the_machine_is_told(facts, source):
    encoder = EncoderParams(name="/home/me/비밀/encoder")
    text = card(facts, training_source=source, encoder=encoder)
    assert "비밀" not in text
    assert "Training file: train.csv" in text
    assert "from a folder named encoder" in text
    assert "base_model" not in front_matter(text)


def test_a_relative_path_and_a_hub_id_are_told_as_written(facts):
    assert without_folders("../data/train.csv") == "../data/train.csv"
    text = card(facts, training_source="hub:klue:re:train")
    assert front_matter(text)["datasets"] == ["klue"]
    assert "Training file: hub:klue:re:train" in text


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("bert-base-uncased", True), ("klue/bert", True), ("./klue/bert", False), ("a/b/c", False)],
)
def test_hub_ids(name, is_one):
    assert is_hub_id(name) == is_one


def test_a_folder_is_no_hub_id(tmp_path, monkeypatch):
    (tmp_path / "klue/bert").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert not is_hub_id("klue/bert")


def test_hostile_text_formats_nothing(facts, small_sentences):
    labels = LabelSet(names=["no_relation", HOSTILE], negative="no_relation")
    rows = small_sentences.assign(
        label=["no_relation"] * 23 + [HOSTILE], subject_type=HOSTILE, object_type=HOSTILE
    )
    encoder = EncoderParams(name="klue/bert", revision=HOSTILE)
    about = AboutParams(experiment="e", folder="e", why=f"{HOSTILE}\n\n<img src=x>")
    text = card(
        facts, about=about, labels=labels, sentences=rows, per_label=per_label(labels.names),
        encoder=encoder, training_source=f"my/{HOSTILE}",
        export=ExportParams(licences=dict.fromkeys(NOT_STATED, HOSTILE), known_licences=[]),
    )  # fmt: skip
    html = MarkdownIt("commonmark").enable("table").render(text.split("---\n", 2)[2])
    shown = "a|b&lt;script&gt;`x` # y"
    assert html.count(f"<td>{shown}</td>") == 4  # the label, and the three licences
    assert not re.search(r"<(script|img)", html)
    plain = card(facts)
    html_plain = MarkdownIt("commonmark").enable("table").render(plain.split("---\n", 2)[2])
    assert html.count("<h1>") == html_plain.count("<h1>") == 1
    assert html.count("<h2>") == html_plain.count("<h2>")
    assert front_matter(text)["license_name"] == HOSTILE


def test_the_snippet_is_python_and_the_commands_name_the_experiment(facts):
    about = AboutParams(experiment="typed_punct", folder="typed_punct--lr3e5", why="x")
    text = card(facts, about=about)
    [snippet] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    ast.parse(snippet)
    assert '["이순신은 조선의 무신이다."]' in snippet
    assert (
        "kedro run --pipelines predict_new --params "
        "predict.input=new.jsonl,experiment=typed_punct,run.name=lr3e5\n"
    ) in text
    english = facts.input_params.model_copy(update={"language": "en"})
    assert "Ada Lovelace" in card(facts, input_params=english)
    assert "Language: English" in card(facts, input_params=english)
