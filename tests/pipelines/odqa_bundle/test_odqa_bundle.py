"""An experiment's answers as a bundle: what it says, and that every setting is in it."""

from pathlib import Path

import pandas as pd
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner
from retrieval_world import EXAMPLES

from klue_pipeline.datasets.shared.answer_bundle import AnswerBundleDataset
from klue_pipeline.odqa.settings.odqa_params import OdqaDefaults
from klue_pipeline.pipelines.odqa_bundle import create_pipeline
from klue_pipeline.pipelines.odqa_bundle.pipeline import SETTINGS
from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.experiments import resolve_run
from klue_pipeline.runs.parameters import ODQA, check_parameters

CONF = Path(__file__).resolve().parents[3] / "conf"
NOT_OF_ANSWERS = {"encoder", "contrastive", "retriever_training"}
"""What only retrievers read, which are named in ``retrieval``."""
ANSWERS = pd.DataFrame(
    {"question_id": ["q6"], "part": ["test"], "is_held_out": [False], "text": ["남해"],
     "is_given": [True], "probability": [0.7], "confidence": [0.5], "title": [""],
     "passage_id": ["p5"], "passage_rank": [1], "start_char": [5], "end_char": [7],
     "retrieval_weight": [0.0]}
)  # fmt: skip
N_BEST = ANSWERS[["question_id", "text", "probability", "passage_id", "start_char", "end_char"]]


def test_an_experiment_is_bundled_with_its_settings_and_its_scores(tmp_path):
    configured = read_configuration("base", str(CONF))["parameters"]
    resolved = resolve_run(configured, {"odqa": {"experiment": "smoothed"}})
    params = check_parameters(resolved, ODQA)
    inputs = {
        "odqa.n_best@one": N_BEST.assign(rank=1, untrimmed="남해로"),
        "odqa.answers@one": ANSWERS,
        "odqa.examples": EXAMPLES,
        "odqa.metrics": {"exact_match": 40.0},
        "odqa.record": None,
        **{f"params:odqa.{name}": getattr(params, name) for name in SETTINGS},
    }
    catalog = DataCatalog.from_config({})
    for name, value in inputs.items():
        catalog[name] = value
    catalog["odqa.answer_bundle"] = AnswerBundleDataset(filepath=str(tmp_path / "smoothed"))
    SequentialRunner().run(create_pipeline(), catalog)
    description = catalog.load("odqa.answer_bundle").description
    assert (description.experiment, description.metrics) == ("smoothed", {"exact_match": 40.0})
    assert set(description.settings) == set(OdqaDefaults.model_fields) - NOT_OF_ANSWERS
    wanted = params.training.label_smoothing
    assert description.settings["training"]["label_smoothing"] == wanted > 0
