"""The shipped experiments, and what every wrong combination of settings is answered."""

import copy
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from klue_pipeline.relation.composites.methods import COMPOSITES
from klue_pipeline.relation.settings.compatibility import TARGETS_OF_COMPOSITE
from klue_pipeline.runs.experiments import resolve_experiment
from klue_pipeline.runs.parameters import check_parameters
from klue_pipeline.settings import CONFIG_LOADER_ARGS

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ("base", "klue")
BASE = "typed_punct_query"
SHIPPED = {
    "typed_punct_query", "klue_baseline", "pair_prefix_cls", "prompt1", "rbert_focal",
    "typed_special_fc", "semantic_typing", "bilstm", "entity_embedding", "ldam_drw",
    "class_balanced_focal", "type_restricted", "cascade", "combine", "tapt", "binary", "positive",
}  # fmt: skip


def configured(environment):
    loader = OmegaConfigLoader(
        conf_source=str(ROOT / "conf"), env=environment, **CONFIG_LOADER_ARGS
    )
    return loader["parameters"]


BOOKS = {environment: configured(environment) for environment in ENVIRONMENTS}


def resolve(environment, name, **runtime):
    parameters = copy.deepcopy(BOOKS[environment])
    return check_parameters(resolve_experiment(parameters, {"experiment": name, **runtime}))


def test_the_book_has_every_idea():
    assert set(BOOKS["base"]["experiments"]) >= SHIPPED
    assert set(BOOKS["klue"]["experiments"]) == {*BOOKS["base"]["experiments"], "xlm_roberta_large"}
    assert BOOKS["base"]["experiment"] == "typed_punct_query"


def test_a_klue_experiment_keeps_what_only_its_own_entry_says():
    bilstm = resolve("klue", "bilstm")
    assert (bilstm.head.name, bilstm.head.lstm_layers, bilstm.head.lstm_width) == ("bilstm", 2, 512)
    assert bilstm.encoder.name == "klue/roberta-large"
    assert resolve("klue", "xlm_roberta_large").encoder.scratch is None


def aeda(**select):
    return {"augment": {"methods": ["aeda"], "aeda": {"select": select}}}


@pytest.mark.parametrize(
    ("name", "runtime", "problem"),
    [
        (
            "pair_prefix_cls", {"head": {"name": "rbert", "dropout": 0.1}},
            "head.name=rbert reads the entities' markers, but input.name=pair_prefix writes none",
        ),
        (
            "ldam_drw", {"head": {"name": "cls", "dropout": 0.1}},
            "loss.name=ldam needs cosine logits.*set head.classifier=cosine and head.scale=30",
        ),
        ("prompt1", {"input": {"query": "prompt3"}}, "set it to after, or choose .*prompt1"),
        ("rbert_focal", {"members": ["binary"]}, "trains a model of its own; set kind: composite"),
        (
            "rbert_focal", {"loss": {"beta": 0.9}},
            "beta belongs to class_balanced, ldam, but name is focal",
        ),
        (BASE, {"loss": {"name": "focal"}}, "focal needs gamma; set it beside name"),
        (
            BASE, {"loss": {"name": "class_balanced", "beta": 0.9, "inside": "focal"}},
            "needs gamma if and only if inside is focal",
        ),
        (BASE, {"head": {"scale": 30.0}}, "scale goes with classifier cosine"),
        (
            "type_restricted", {"head": {"classifier": "cosine", "scale": 30.0}},
            "linear classifiers only",
        ),
        (BASE, {"training": {"schedule": "cosine_restarts"}}, "schedule_cycles goes with"),
        (BASE, {"training": {"freeze_epochs": 1}}, "nothing is frozen; set freeze"),
        (
            BASE, {"head": {"name": "bilstm", "dropout": 0.1}},
            "bilstm needs lstm_layers, lstm_width",
        ),
        ("combine", {"composite": {"name": "cascade", "width": 3}}, "width belongs to combine"),
        (
            BASE, {"augment": {"methods": ["swap"]}},
            "augment.methods.0: found 'swap'; Input should be 'entity_swap', 'mask_words'",
        ),
        (
            BASE, {"augment": {"methods": ["eda"], "eda": {"operations": ["synonym"]}}},
            "operations synonym need synonyms=table",
        ),
        (
            BASE, aeda(labels=["per:wife"]),
            "augment.aeda.select.labels: no label set has 'per:wife'",
        ),
        (
            BASE, aeda(types=["PER-ORG"]),
            "augment.aeda.select.types: found 'PER-ORG'; two entity types joined by a colon",
        ),
        (
            BASE, aeda(mistakes_of="rbert_fokal"),
            "there is no experiment 'rbert_fokal'. Did you mean rbert_focal",
        ),
        (
            BASE, {"clean": {"rules": ["test_overlap", "test_overlap"]}},
            "rules names test_overlap more than once; name each once",
        ),
        (
            BASE, {"clean": {"contradictory_duplicates": {"keep": "keep_by_model"}}},
            "goes with keep=keep_by_model and only with it",
        ),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_with_a_remedy(name, runtime, problem):
    with pytest.raises(ValueError, match=problem):
        resolve("base", name, **runtime)


def test_every_composite_has_its_rule():
    assert set(COMPOSITES) == set(TARGETS_OF_COMPOSITE)
