"""All parameters at once: the files of ``conf`` are right, and what is wrong is named."""

import copy
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from klue_pipeline.runs.experiments import resolve_experiment
from klue_pipeline.runs.parameters import Parameters, check_parameters, unread_settings
from klue_pipeline.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).parents[2] / "conf"


def configured(environment):
    return OmegaConfigLoader(str(CONF), env=environment, **CONFIG_LOADER_ARGS)["parameters"]


ENVIRONMENTS = {name: configured(name) for name in ("base", "klue", "test")}
EXPERIMENTS = [
    (environment, name)
    for environment, parameters in ENVIRONMENTS.items()
    for name in parameters["experiments"]
]


def nested(path, value):
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


def check(environment="base", **runtime):
    return check_parameters(resolve_experiment(ENVIRONMENTS[environment], runtime))


@pytest.fixture
def tree():
    """The parameters of a run that is as it should be."""
    return copy.deepcopy(resolve_experiment(ENVIRONMENTS["base"], {}))


def put(tree, path, value):
    *parents, last = path.split(".")
    for part in parents:
        tree = tree.setdefault(part, {})
    tree[last] = value


@pytest.mark.parametrize(("environment", "name"), EXPERIMENTS)
def test_every_experiment_of_conf_resolves_and_is_legal(environment, name):
    parameters = check(environment, experiment=name)
    assert parameters.experiment == name
    assert len(parameters.experiments[name].why.split()) >= 5


def test_every_environment_has_its_own_data_folder():
    roots = [
        OmegaConfigLoader(str(CONF), env=name, **CONFIG_LOADER_ARGS)["globals"]["data_root"]
        for name in ENVIRONMENTS
    ]
    assert len(set(roots)) == len(ENVIRONMENTS)


def test_klue_is_its_recipe():
    parameters = check("klue")
    assert (parameters.encoder.name, parameters.folds.n_splits) == ("klue/roberta-large", 5)
    assert (parameters.training.epochs, parameters.training.learning_rate) == (10, 2e-5)
    assert parameters.raw.train == "hub:klue:re:train"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("raw.train", "my/train.csv"),
        ("raw.test", "my/test.csv"),
        ("raw.test_gold", None),
        ("ingest.format", "klue"),
        ("ingest.max_rows", 4000),
        ("experiment", "typed_punct_query"),
        ("run.name", "lr3e-5"),
        ("encoder.name", "../shared/models/ko-e5-small"),
        ("encoder.num_hidden_layers", 1),
        ("folds.n_splits", 7),
        ("folds.strategy", "stratified"),
        ("folds.run", [0]),
        ("text.language", "en"),
        ("training.epochs", 1),
        ("training.learning_rate", 1e-6),
        ("training.batch_size", 3),
        ("training.max_tokens", 77),
        ("training.precision", "fp32"),
        ("training.device", "cuda:1"),
        ("training.seed", 5),
        ("mlflow.enabled", False),
    ],
)
def test_the_settings_of_the_interface_can_be_given(environment, name, value):
    parameters = check(environment, **nested(name, value))
    for part in name.split("."):
        parameters = getattr(parameters, part)
    assert parameters == value


@pytest.mark.parametrize(
    ("path", "neighbour"),
    [
        ("foldz", "folds"),
        ("trainings", "training"),
        ("training.epoch", "epochs"),
        ("training.learnin_rate", "learning_rate"),
        ("encoder.num_layers", "num_hidden_layers"),
        ("encoder.scratch.hiden_size", "hidden_size"),
        ("input.query_pos", "query_position"),
        ("text.langage", "language"),
        ("folds.n_split", "n_splits"),
        ("folds.stategy", "strategy"),
        ("raw.trian", "train"),
        ("run.names", "name"),
        ("ingest.max_row", "max_rows"),
        ("clean.contradictory_duplicates.kepp", "keep"),
        ("ensemble.member", "members"),
        ("mlflow.enable", "enabled"),
        ("label_sets.klue_30.name", "names"),
        ("experiments.typed_punct_query.trainin", "training"),
        ("experiment_defaults.trainin", "training"),
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
    with pytest.raises(ValueError, match=r"xyz: .*Known are: .*augment, clean, .*training\."):
        check_parameters(tree)


@pytest.mark.parametrize(
    ("path", "value", "legal"),
    [
        ("training.epochs", "many", "integer"),
        ("training.epochs", 0, "greater than or equal to 1"),
        ("training.learning_rate", -1e-3, "greater than 0"),
        ("training.precision", "fp8", "'bf16'"),
        ("training.device", "gpu", "auto|cpu"),
        ("training.select_by", "f1", "'micro_f1'"),
        ("encoder.name", 3, "string"),
        ("encoder.scratch.hidden_size", 1, "greater than or equal to 8"),
        ("input.query", "ask", "'question'"),
        ("head.dropout", 1.0, "less than 1"),
        ("loss.name", "focal_loss", "'cross_entropy'"),
        ("folds.strategy", "random", "'stratified_group'"),
        ("folds.run", 0, "list"),
        ("ingest.format", "csv", "'contest_csv'"),
        ("ingest.max_rejected_share", 2, "less than or equal to 1"),
        ("clean.contradictory_duplicates.keep", "drop", "'drop_all'"),
        ("label_sets.klue_30.names", ["one"], "at least 2"),
        ("entity_types", [], "at least 1"),
        ("run.name", "a/b", "pattern"),
        ("experiments.typed_punct_query.why", None, "string"),
        ("raw", None, "dictionary"),
        ("training", 3, "dictionary"),
    ],
)
def test_a_wrong_value_names_the_field_what_was_found_and_what_is_legal(tree, path, value, legal):
    put(tree, path, value)
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check_parameters(tree)
    (line,) = [line for line in str(raised.value).splitlines() if line.startswith(f"  {path}: ")]
    assert f"found {value!r}; " in line
    assert legal in line


@pytest.mark.parametrize("path", ["training.epochs", "folds", "head.name", "encoder.name"])
def test_a_missing_setting_is_named(tree, path):
    *parents, last = path.split(".")
    parent = tree
    for part in parents:
        parent = parent[part]
    del parent[last]
    with pytest.raises(ValueError, match=rf"  {path}: is missing; set it in conf/"):
        check_parameters(tree)


def test_all_mistakes_are_told_at_once(tree):
    put(tree, "training.epochs", 0)
    put(tree, "folds.n_split", 5)
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check_parameters(tree)
    assert len(str(raised.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "holdout"}, "holdout has one fold; found n_splits=3"),
        ({"n_splits": 1}, "needs n_splits of 2 or more; found 1"),
        ({"run": [0, 3]}, r"names folds \[3\]; there are folds 0 to 2"),
        ({"run": []}, r"names folds \[\]; there are folds 0 to 2"),
    ],
)
def test_settings_that_do_not_go_together(tree, changes, message):
    tree["folds"] |= {"n_splits": 3, **changes}
    with pytest.raises(ValueError, match=f"folds: .*{message}"):
        check_parameters(tree)


def test_an_encoder_from_scratch_needs_its_sizes():
    with pytest.raises(ValueError, match=r"encoder\.scratch: is missing; encoder\.name=scratch"):
        check("klue", encoder={"name": "scratch"})


def test_another_encoder_leaves_the_sizes_of_the_small_one_behind():
    encoder = check("base", encoder={"name": "klue/bert-base"}).encoder
    assert (encoder.name, encoder.scratch) == ("klue/bert-base", None)


def test_an_entry_of_the_lab_book_says_why(tree):
    tree["experiments"]["mine"] = {"training": {"epochs": 5}}
    with pytest.raises(ValueError, match=r"experiments\.mine\.why: is missing"):
        check_parameters(tree)


def test_checked_parameters_cannot_change(tree):
    checked = check_parameters(tree)
    assert isinstance(checked, Parameters)
    with pytest.raises(ValueError, match="frozen"):
        checked.training.epochs = 5


# Composites


def test_a_composite_of_conf_has_members_and_a_method():
    parameters = check("klue", experiment="combine")
    assert (parameters.kind, parameters.composite.name) == ("composite", "combine")
    assert parameters.members == ["binary", "positive", "typed_punct_query"]


def test_the_settings_of_a_combiner_can_be_given():
    parameters = check(experiment="combine", composite={"epochs": 3})
    assert parameters.composite.epochs == 3
    assert parameters.composite.width == check(experiment="combine").composite.width


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        ({"members": ["binari", "positive"]},
         r"members: there is no experiment 'binari'\. Did you mean binary\?"),
        ({"members": []}, "members: cascade needs one binary and one positive .*; found none"),
        ({"members": ["binary"]}, r"cascade needs one .*; found binary \(binary\)"),
        ({"members": ["binary", "typed_punct_query"]},
         r"cascade joins experiments of target binary or positive; found binary \(binary\), "
         r"typed_punct_query \(all\)"),
        ({"members": ["binary", "combine"]}, r"found binary \(binary\), combine \(composite\)"),
        ({"members": ["cascade", "binary"]}, r"found cascade \(composite\), binary \(binary\)"),
        ({"composite": {"name": "combine"}}, r"combine needs dropout, epochs, .*; set it beside"),
        ({"composite": {"epochs": 3}},
         "epochs belongs to combine, but name is cascade; remove epochs or choose another name"),
    ],
)  # fmt: skip
def test_a_wrong_composite_says_what_to_change(runtime, message):
    with pytest.raises(ValueError, match=f"Settings are wrong:\n  .*{message}"):
        check(experiment="cascade", **runtime)


def test_an_experiment_that_trains_has_no_members():
    with pytest.raises(ValueError, match=r"members: found \['binary'\], but typed_punct_query"):
        check(experiment="typed_punct_query", members=["binary"])


def test_a_member_may_come_in_any_order_and_a_combiner_takes_any_target():
    assert check(experiment="cascade", members=["positive", "binary"]).members
    assert check(experiment="combine", members=["typed_punct_query", "rbert_focal"]).members
    with pytest.raises(ValueError, match="combine needs at least 2 experiments"):
        check(experiment="combine", members=["binary"])


def test_a_composite_does_not_care_for_settings_of_models_that_it_does_not_read():
    """Its entry inherits a head and a loss, which nobody will ever use together."""
    assert check(experiment="cascade", loss={"name": "ldam", "beta": 0.9, "max_margin": 0.5,
                                             "reweight_after_share": 0.8})  # fmt: skip


# The language of the text


KOREAN_ONLY = [
    (
        {"methods": ["mask_words", "fill_mask"], "fill_mask": {"model": "klue/roberta-base"}},
        "augment.methods: fill_mask finds and writes Korean nouns only, but text.language is en; "
        "leave it out, or take mask_words",
    ),
    (
        {"methods": ["eda"], "eda": {"synonyms": "model", "model": "klue/roberta-base"}},
        "augment.eda.synonyms: found 'model', which finds Korean nouns only, but text.language is "
        "en; set augment.eda.model=null and augment.eda.synonyms=table",
    ),
]


def test_the_language_decides_words_and_queries():
    assert check().input.language == "ko"
    assert check().input.type_words == check().text.type_words.ko
    english = check(text={"language": "en"}, input={"type_words": {"NOH": "quantity"}})
    assert english.input.language == "en"
    assert english.input.type_words == {
        "PER": "person", "ORG": "organization", "LOC": "location", "DAT": "date", "POH": "noun",
        "NOH": "quantity",
    }  # fmt: skip


def test_an_unknown_language_lists_the_known_ones():
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check(text={"language": "fr"})
    assert str(raised.value).splitlines()[1:] == [
        "  text.language: found 'fr'; Input should be 'ko' or 'en'"
    ]
    with pytest.raises(ValueError, match=r"text\.type_words\.fr: there is no such .* en, ko\."):
        check(text={"type_words": {"fr": {"PER": "personne"}}})


@pytest.mark.parametrize(("augment", "message"), KOREAN_ONLY)
def test_a_method_that_finds_korean_only_is_refused_for_other_languages(augment, message):
    with pytest.raises(ValueError, match="Settings are wrong") as raised:
        check(text={"language": "en"}, augment=augment)
    assert str(raised.value).splitlines()[1].startswith(f"  {message}")
    assert check(augment=augment).text.language == "ko"
    assert check(text={"language": "en"}, augment={**augment, "methods": []})
    assert check(text={"language": "en"}, augment=augment, experiment="cascade")


def test_methods_of_any_language_are_not_refused():
    methods = ["entity_swap", "mask_words", "mask_entity", "entity_replace", "eda", "aeda",
               "back_translation", "oversample"]  # fmt: skip
    assert check(text={"language": "en"}, augment={"methods": methods})
    table = {"synonyms": "table", "operations": ["synonym"]}
    assert check(text={"language": "en"}, augment={"methods": ["eda"], "eda": table})


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        (nested("text.type_words.en.PER", "human"),
         "text.type_words.en is not read: text.language is ko"),
        (nested("augment.mask_words.share", 0.5),
         "augment.mask_words is not read: mask_words is not among augment.methods"),
        (nested("clean.repair_types.min_support", 5),
         "clean.repair_types is not read: repair_types is not among clean.rules"),
        (nested("raw.synonyms", "my.csv"), "raw.synonyms is not read: augment.methods=[eda] with"),
        ({"raw": {"translations": "my.csv"}, "augment": {"methods": ["aeda"]}},
         "raw.translations is not read: augment.methods=[back_translation] with"),
    ],
)  # fmt: skip
def test_settings_that_nothing_reads_are_told(runtime, said):
    (line,) = unread_settings(check(**runtime), runtime)
    assert line.startswith(said)


@pytest.mark.parametrize(
    "runtime",
    [
        {"augment": {"methods": ["mask_words"], "mask_words": {"share": 0.5}}},
        nested("augment.undersample.target_share", 0.5),
        nested("clean.test_overlap.action", "report"),
        nested("text.type_words.ko.PER", "인물"),
        {"text": {"language": "en", "type_words": {"en": {"PER": "human"}}}},
        {
            "raw": {"synonyms": "my.csv"},
            "augment": {
                "methods": ["eda"],
                "eda": {"synonyms": "table", "operations": ["synonym"]},
            },
        },
        {"raw": {"translations": "my.csv"}, "augment": {"methods": ["back_translation"]}},
    ],
)
def test_settings_that_are_read_are_not_told(runtime):
    assert unread_settings(check(**runtime), runtime) == []


def test_nobody_is_tested_on_what_they_learnt():
    with pytest.raises(ValueError, match=r"raw\.test: found 'a\.csv', which is raw.train too"):
        check(raw={"train": "a.csv", "test": "a.csv"})


def test_a_test_file_is_needed_and_the_way_out_is_said():
    with pytest.raises(
        ValueError, match=r"raw\.test: found None; a file is needed.*put some of them"
    ):
        check(raw={"test": None})


def test_labels_that_yaml_reads_as_numbers_are_names():
    labels = check(labels={"names": [0, 1], "negative": 0}).labels
    assert (labels.names, labels.negative) == (["0", "1"], "0")


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        ({"labels": {"negative": None}}, True),
        ({"labels": {"negative": "no_relation", "names": "infer"}}, False),
        ({"labels": {"negative": "no_relation"}, "ingest": {"format": "table"}}, False),
    ],
)
def test_a_negative_label_that_nobody_reads_is_said(runtime, said):
    lines = unread_settings(check(**runtime), runtime)
    assert any("labels.negative is not read" in line for line in lines) is said
