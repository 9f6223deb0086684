"""Every shipped experiment is legal in every environment."""

import copy
from pathlib import Path

from kedro.config import OmegaConfigLoader

from klue_pipeline.relation.composites.methods import COMPOSITES
from klue_pipeline.relation.settings.compatibility import TARGETS_OF_COMPOSITE
from klue_pipeline.runs.experiments import resolve_run
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
    return check_parameters(resolve_run(parameters, {"experiment": name, **runtime}))


def test_the_book_has_every_idea():
    assert set(BOOKS["base"]["experiments"]) >= SHIPPED
    assert set(BOOKS["klue"]["experiments"]) == {*BOOKS["base"]["experiments"], "xlm_roberta_large"}
    assert BOOKS["base"]["experiment"] == "typed_punct_query"


def test_a_klue_experiment_keeps_what_only_its_own_entry_says():
    bilstm = resolve("klue", "bilstm")
    assert (bilstm.head.name, bilstm.head.lstm_layers, bilstm.head.lstm_width) == ("bilstm", 2, 512)
    assert bilstm.encoder.name == "klue/roberta-large"
    assert resolve("klue", "xlm_roberta_large").encoder.scratch is None


def test_every_composite_has_its_rule():
    assert set(COMPOSITES) == set(TARGETS_OF_COMPOSITE)
