"""The settings' door: what is wrong is named, with what is legal or what to change."""

import copy

import pytest
from kedro.framework.project import configure_project

from klue_pipeline.relation.settings.unread_settings import unread_settings
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import check_parameters

configure_project("klue_pipeline")
BASE = read_configuration("base")["parameters"]
KLUE = read_configuration("klue")["parameters"]


def nested(path, value):
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def check(configured=BASE, **runtime):
    return check_parameters(resolve_run(configured, runtime))


@pytest.fixture
def tree():
    """The parameters of a run that is as it should be."""
    return copy.deepcopy(resolve_run(BASE, {}))


def put(tree, path, value):
    *parents, last = path.split(".")
    for part in parents:
        tree = tree.setdefault(part, {})
    tree[last] = value


@pytest.mark.parametrize(
    ("path", "neighbour"),
    [
        ("foldz", "folds"),
        ("training.epoch", "epochs"),
        ("encoder.scratch.hiden_size", "hidden_size"),
        ("clean.contradictory_duplicates.kepp", "keep"),
        ("run.names", "name"),
        ("mlflow.enable", "enabled"),
        ("label_sets.klue_30.name", "names"),
        ("experiments.typed_punct_query.trainin", "training"),
        ("experiment_defaults.training.epoch", "epochs"),
    ],
)
def test_a_misspelt_setting_names_itself_and_its_neighbours(tree, path, neighbour):
    put(tree, path, 1)
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check_parameters(tree)
    (line,) = [line for line in str(raised.value).splitlines() if f" {path}: there is no" in line]
    assert neighbour in line.partition("there is no such setting.")[2]


def test_an_unknown_setting_without_neighbours_lists_all(tree):
    put(tree, "training.qqq", 1)
    with pytest.raises(ValueError, match=r"training\.qqq: .*Known are: .*epochs.*weight_decay\."):
        check_parameters(tree)
    put(tree, "xyz", 1)
    with pytest.raises(ValueError, match=r"xyz: .*Known are: .*augment, clean, .*training, tune\."):
        check_parameters(tree)


@pytest.mark.parametrize(
    ("path", "value", "legal"),
    [
        ("training.epochs", "many", "integer"),
        ("training.epochs", 0, "greater than or equal to 1"),
        ("training.precision", "fp8", "'bf16'"),
        ("encoder.name", 3, "string"),
        ("encoder.scratch.hidden_size", 1, "greater than or equal to 8"),
        ("head.dropout", 1.0, "less than 1"),
        ("loss.name", "focal_loss", "'cross_entropy'"),
        ("folds.run", 0, "list"),
        ("training.epochs", True, "YAML reads yes"),
        ("training.weight_decay", float("inf"), "finite"),
        ("labels.negative", False, "YAML reads yes"),
        ("ingest.max_rejected_share", 2, "less than or equal to 1"),
        ("label_sets.klue_30.names", ["one"], "at least 2"),
        ("entity_types", [], "at least 1"),
        ("run.name", "a/b", "no folder may have"),
        ("clean.contradictory_duplicates.previous", "e\u0301", "copy '\u00e9' from here"),
        ("experiments.typed_punct_query.why", None, "string"),
        ("raw", None, "dictionary"),
        ("raw.test", None, "a file is needed.*put some of them"),
        ("text.language", "fr", "'ko' or 'en'"),
    ],
)
def test_a_wrong_value_names_the_field_what_was_found_and_what_is_legal(tree, path, value, legal):
    put(tree, path, value)
    with pytest.raises(ValueError, match=rf"  {path}: found .*; .*{legal}") as raised:
        check_parameters(tree)
    assert f"found {value!r}; " in str(raised.value)


@pytest.mark.parametrize("path", ["training.epochs", "folds", "encoder.name"])
def test_a_missing_setting_is_named(tree, path):
    *parents, last = path.split(".")
    parent = tree
    for part in parents:
        parent = parent[part]
    del parent[last]
    with pytest.raises(ValueError, match=rf"  {path}: is missing; set it in conf/ or .*{path}=\."):
        check_parameters(tree)


def test_all_mistakes_are_told_at_once(tree):
    put(tree, "training.epochs", 0)
    put(tree, "folds.n_split", 5)
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check_parameters(tree)
    assert len(str(raised.value).splitlines()) == 3


def test_an_entry_of_the_lab_book_says_why(tree):
    tree["experiments"]["mine"] = {"training": {"epochs": 5}}
    with pytest.raises(ValueError, match=r"experiments\.mine\.why: is missing"):
        check_parameters(tree)


def test_names_of_the_lab_book_are_folders_of_their_own(tree):
    tree["experiments"] |= {name: {"why": "x"} for name in ("a--b", "..", "CASCADE")}
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check_parameters(tree)
    assert "  experiments: found 'a--b'; '--' stands between" in str(raised.value)
    assert "  experiments: found '..'; it means another folder; choose" in str(raised.value)
    del tree["experiments"]["a--b"], tree["experiments"][".."]
    with pytest.raises(ValueError, match="found 'cascade' and 'CASCADE', which are one folder"):
        check_parameters(tree)


def test_checked_parameters_cannot_change(tree):
    with pytest.raises(ValueError, match="frozen"):
        check_parameters(tree).training.epochs = 5


# Settings that are legal one by one: one case for each rule, as a user would meet it

USUAL = "typed_punct_query"
FILL_MASK = {"methods": ["mask_words", "fill_mask"], "fill_mask": {"model": "klue/roberta-base"}}
EDA_MODEL = {"methods": ["eda"], "eda": {"synonyms": "model", "model": "klue/roberta-base"}}
SMOTE = {"freeze": "encoder", "smote_neighbours": 5, "smote_target_share": 0.1}
TWO_FILES = {"train": "a.csv", "test": "a.csv"}
ENGLISH = {"language": "en"}


@pytest.mark.parametrize(
    ("experiment", "runtime", "message"),
    [
        (USUAL, {"folds": {"strategy": "holdout"}}, "folds: .*holdout has one fold; found"),
        (USUAL, {"training": {"seed": 2**40}}, r"training\.seed: found 1099.*4294967295"),
        (USUAL, {"eda": {"adversarial": {"seed": 2**32}}}, r"eda\.adversarial\.seed: .*4294967295"),
        (USUAL, {"training": {"epochs": 2**32}}, "epochs: .*whole number of at most 4294967295"),
        (USUAL, {"training": {"max_tokens": 4096}}, "max_tokens is 4096, but .* has 512 positions"),
        (USUAL, {"encoder": {"scratch": {"hidden_size": 130}}}, "num_attention_heads=4 do not"),
        (USUAL, {"head": {"name": "bi_lstm"}}, r"Did you mean bilstm\?"),
        (USUAL, {"data_root": "x"}, r"data_root: is decided by the environment.*globals\.yml"),
        (USUAL, {"env": "klue"}, "env: is an option of the command"),
        (USUAL, {"folds": {"n_splits": 1}}, "folds: .*n_splits of 2 or more; found 1"),
        (USUAL, {"folds": {"run": [0, 3]}}, r"names folds \[3\]; there are .* 0 to 2"),
        (USUAL, {"folds": {"run": []}}, r"names folds \[\]; there are folds"),
        ("pair_prefix_cls", {"head": {"name": "rbert"}}, "head.name=rbert reads the entities'"),
        ("ldam_drw", {"head": {"name": "cls"}}, "loss.name=ldam needs cosine logits"),
        ("prompt1", {"input": {"query": "prompt3"}}, "set it to after, or choose .*prompt1"),
        ("rbert_focal", {"loss": {"beta": 0.9}}, "beta belongs to class_balanced, ldam, but"),
        (USUAL, {"loss": {"name": "focal"}}, "loss: focal needs gamma; set it beside"),
        (USUAL, {"loss": {"name": "class_balanced", "beta": 0.9, "inside": "focal"}},
         "needs gamma if and only if inside is focal"),
        ("distilled", {"loss": {"inside": "focal"}}, "distillation needs gamma if and only if"),
        ("distilled", {"loss": {"teachers": []}}, "loss.teachers: .* at least 1 item"),
        ("distilled", {"loss": {"teachers": ["bilstm", "bilstm"]}}, "teachers names one more than"),
        ("distilled", {"loss": {"teachers": ["bilstn--lr"]}},
         r"loss.teachers: there is no experiment 'bilstn--lr'\. Did you mean bilstm"),
        ("distilled", {"loss": {"teachers": ["cascade"]}}, "cascade is a composite, which has no"),
        ("distilled", {"loss": {"teachers": ["binary"]}}, "binary is of target.name=binary; a te"),
        ("distilled", {"target": {"name": "binary"}}, "but target.name is binary; set target"),
        ("distilled", {"head": {"name": "type_restricted"}}, "illegal labels none; choose another"),
        ("distilled", {"training": SMOTE}, "makes up rows that no teacher has read; leave it out"),
        ("distilled", {"raw": {"unlabelled": "a.csv"}, "training": {"label_balance": 0.5}},
         "label_balance is 0.5, but rows of raw.unlabelled have no label"),
        ("distilled", {"raw": {**TWO_FILES, "test": "b.csv", "unlabelled": "a.csv"}},
         "raw.unlabelled: found 'a.csv', which is raw.train too"),
        (USUAL, {"loss": {"teachers": ["bilstm"]}}, "teachers belongs to distillation, but name"),
        (USUAL, {"training": {"schedule": "cosine_restarts"}}, "schedule_cycles goes with"),
        (USUAL, {"training": {"freeze_epochs": 1}}, "nothing is frozen; set freeze"),
        (USUAL, {"training": {"freeze": "encoder", "freeze_at": "end"}}, "freeze_at is end, but"),
        (USUAL, {"head": {"name": "bilstm"}}, "bilstm needs lstm_layers, lstm_width"),
        ("type_restricted", {"head": {"classifier": "cosine", "scale": 30.0}}, "linear classif"),
        (USUAL, {"head": {"scale": 30.0}}, "head: scale goes with classifier cosine"),
        (USUAL, {"members": ["binary"]}, r"members: found \['binary'\], but typed_pun"),
        ("cascade", {"members": ["binari", "positive"]},
         r"members: there is no experiment 'binari'\. Did you mean binary\?"),
        ("cascade", {"members": []}, "members: cascade needs one binary and one .*; found none"),
        ("cascade", {"members": ["binary", "combine"]}, r"\(binary\), combine \(composite\)"),
        ("combine", {"members": ["binary"]}, "members: combine needs at least 2 experiments"),
        ("cascade", {"composite": {"name": "combine"}}, "combine needs dropout, .*; set it beside"),
        ("cascade", {"composite": {"epochs": 3}}, "epochs belongs to combine, but name is cascade"),
        (USUAL, {"raw": TWO_FILES}, "raw.test: found 'a.csv', which is raw.train too"),
        (USUAL, {"ingest": {"ends": "inclusive"}}, "ingest.format=table only, but it"),
        ("binary", {"ingest": {"format": "table"}, "labels": {"negative": None}},
         "labels.negative is null, .* answer binary; choose an experiment"),
        ("cascade", {"ingest": {"format": "table"}, "labels": {"negative": None}},
         "answer binary and positive; choose"),
        (USUAL, {"text": ENGLISH, "augment": FILL_MASK},
         "augment.methods: fill_mask finds and writes Korean nouns only, but text.language is en"),
        (USUAL, {"text": ENGLISH, "augment": EDA_MODEL},
         "augment.eda.synonyms: found 'model', which finds Korean nouns only"),
        (USUAL, nested("text.type_words.fr", {"PER": "personne"}),
         r"text\.type_words\.fr: there is no such .* en, ko\."),
        ("aug_mistakes", nested("augment.entity_swap.select.mistakes_of", "rbert_focl"),
         r"mistakes_of: there is no experiment 'rbert_focl'\. Did you mean rbert_focal"),
        ("aug_mistakes", nested("augment.entity_swap.select.labels", ["per:tittle"]),
         "select.labels: no label set has 'per:tittle'. Did you mean per:title"),
        ("aug_mistakes", nested("augment.entity_swap.select.types", ["PER-ORG"]),
         "select.types: found 'PER-ORG'; two entity types joined by a colon"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_say_what_to_change(experiment, runtime, message):
    with pytest.raises(ValueError, match=f"Settings are wrong:\n(.*\n)?  .*{message}"):
        check(experiment=experiment, **runtime)


def test_an_encoder_from_scratch_needs_its_sizes():
    with pytest.raises(ValueError, match=r"encoder\.scratch: is missing; encoder\.name=scratch"):
        check(KLUE, encoder={"name": "scratch"})
    assert check(encoder={"name": "klue/bert-base"}).encoder.scratch is None


LDAM = {"name": "ldam", "beta": 0.9, "max_margin": 0.5, "reweight_after_share": 0.8}
TABLE_SYNONYMS = {"methods": ["eda"], "eda": {"synonyms": "table", "operations": ["synonym"]}}


@pytest.mark.parametrize(
    ("experiment", "runtime"),
    [
        ("cascade", {"loss": LDAM}),  # a composite inherits models' settings that it never reads
        ("cascade", {"members": ["positive", "binary"]}),
        ("cascade", {"text": ENGLISH, "augment": FILL_MASK}),
        ("combine", {"members": ["typed_punct_query", "rbert_focal"], "composite": {"epochs": 3}}),
        (USUAL, {"augment": FILL_MASK}),
        (USUAL, {"text": ENGLISH, "augment": {**FILL_MASK, "methods": ["aeda"]}}),
        (USUAL, {"text": ENGLISH, "augment": TABLE_SYNONYMS}),
    ],
)
def test_what_goes_together_is_let_through(experiment, runtime):
    assert check(experiment=experiment, **runtime).experiment == experiment


def test_the_language_decides_words_and_queries():
    assert check().input.type_words == check().text.type_words.ko
    english = check(text=ENGLISH, input={"type_words": {"NOH": "quantity"}})
    assert english.input.language == "en"
    assert english.input.type_words == {
        "PER": "person", "ORG": "organization", "LOC": "location", "DAT": "date", "POH": "noun",
        "NOH": "quantity",
    }  # fmt: skip


def test_labels_that_yaml_reads_as_numbers_are_names():
    labels = check(labels={"names": [0, 1], "negative": 0}).labels
    assert (labels.names, labels.negative) == (["0", "1"], "0")


# Settings of the command line that nothing reads

SYNONYMS = {"raw": {"synonyms": "my.csv"}}
TRANSLATIONS = {"raw": {"translations": "my.csv"}}


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        (nested("text.type_words.en.PER", "human"),
         "text.type_words.en is not read: text.language is ko"),
        (nested("augment.mask_words.share", 0.5),
         "augment.mask_words is not read: mask_words is not among augment.methods"),
        (nested("clean.repair_types.min_support", 5),
         "clean.repair_types is not read: repair_types is not among clean.rules"),
        (SYNONYMS, "raw.synonyms is not read: augment.methods=[eda] with"),
        ({"raw": {"unlabelled": "my.csv"}}, "raw.unlabelled is not read: loss.name=distillation"),
        ({"experiment": "distilled", "loss": {"unlabelled_weight": 0.5}},
         "loss.unlabelled_weight is not read: raw.unlabelled names no rows"),
        (TRANSLATIONS | {"augment": {"methods": ["aeda"]}},
         "raw.translations is not read: augment.methods=[back_translation] with"),
        (nested("labels.negative", None), "labels.negative is not read: the label set has its own"),
    ],
)  # fmt: skip
def test_settings_that_nothing_reads_are_told(runtime, message):
    (line,) = unread_settings(check(**runtime), runtime)
    assert line.startswith(message)


@pytest.mark.parametrize(
    "runtime",
    [
        {"augment": {"methods": ["mask_words"], "mask_words": {"share": 0.5}}},
        nested("augment.undersample.target_share", 0.5),
        nested("clean.test_overlap.action", "report"),
        nested("text.type_words.ko.PER", "인물"),
        {"text": {"language": "en", "type_words": {"en": {"PER": "human"}}}},
        SYNONYMS | {"augment": TABLE_SYNONYMS},
        TRANSLATIONS | {"augment": {"methods": ["back_translation"]}},
        {
            "experiment": "distilled",
            "raw": {"unlabelled": "my.csv"},
            "loss": {"unlabelled_weight": 2},
        },
        {"labels": {"negative": "no_relation", "names": "infer"}},
        {"labels": {"negative": "no_relation"}, "ingest": {"format": "table"}},
    ],
)
def test_settings_that_are_read_are_not_told(runtime):
    assert unread_settings(check(**runtime), runtime) == []
