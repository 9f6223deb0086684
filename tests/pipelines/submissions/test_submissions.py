"""The submissions stage on a hand-made catalog: the ledger as a file, and the page about it."""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.pipelines.submissions import create_pipeline
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.submissions.submission import hash_submission
from klue_pipeline.reporting.ledger.rules import LedgerParams

TABLES = "klue_pipeline.datasets.tables"
NAMES = ["no_relation", "per:title", "per:spouse"]
N_ROWS = 40
PRIOR = {"source": "given", "refusal": None, "negative_share": 0.6}
METHODS = {"soft_vote": 73.0, "stacking": 74.0}
"""What micro F1 is predicted for the blend by each method."""


def make_submission(seed):
    """A file for the test rows; other seeds give other labels."""
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(NAMES)), size=N_ROWS)
    return pd.DataFrame(
        {
            "id": [str(row) for row in range(N_ROWS)],
            "pred_label": np.array(NAMES)[shares.argmax(axis=1)],
            "probs": [repr(row) for row in shares.tolist()],
        }
    )


def predict(micro_f1):
    """What a report says of the blend's scores, for JSON."""
    return {
        name: {"value": value, "low": value - 2, "high": value + 2}
        for name, value in {"micro_f1": micro_f1, "auprc": 60.0, "accuracy": 70.0}.items()
    }


def predict_flat(micro_f1):
    """The same as the metrics of an experiment have it."""
    return {
        f"{name}{end}": own[part]
        for name, own in predict(micro_f1).items()
        for end, part in {"": "value", "_low": "low", "_high": "high"}.items()
    }


@dataclass
class Stage:
    """The files that an ensemble run left, and what it says of them."""

    folder: Any
    inputs: dict[str, Any]

    def catalog(self):
        partitions = {"type": "partitions.PartitionedDataset", "path": str(self.folder),
                      "dataset": f"{TABLES}.submission.SubmissionDataset"}  # fmt: skip
        made = DataCatalog.from_config(
            {
                "submission": self.entry("submission.csv"),
                "experiment_submission": self.entry("rbert/submission.csv"),
                "blend_submissions": {**partitions, "path": f"{self.folder}/ensemble",
                                      "filename_suffix": "/submission.csv"},
                "all_submissions": {**partitions, "filename_suffix": "submission.csv"},
                "submission_ledger": {
                    "type": f"{TABLES}.submission_ledger.SubmissionLedgerDataset",
                    "filepath": str(self.folder / "submissions.csv"),
                    "scores": ["micro_f1", "auprc"],
                },
            }
        )  # fmt: skip
        for name, value in self.inputs.items():
            made[name] = value
        return made

    def entry(self, name):
        return {
            "type": f"{TABLES}.submission.SubmissionDataset",
            "filepath": str(self.folder / name),
        }

    def write(self, name, table):
        DataCatalog.from_config({"file": self.entry(name)}).save("file", table)

    def run(self):
        """Enter what is there, and return the ledger as it lies on disk and the page."""
        outputs = SequentialRunner().run(create_pipeline(), self.catalog())
        page = outputs["submissions_page"].load()
        assert page.startswith("<!DOCTYPE html>")
        return self.ledger(), " ".join(html.unescape(page).split())

    def ledger(self):
        table = pd.read_csv(self.folder / "submissions.csv", dtype=str, keep_default_na=False,
                            encoding="utf-8-sig")  # fmt: skip
        return table.set_index("name", drop=False)

    def fill_in(self, name, **cells):
        """Write into the ledger as a person with a spreadsheet does."""
        table = self.ledger()
        table.loc[name, list(cells)] = list(cells.values())
        table.to_csv(self.folder / "submissions.csv", index=False, encoding="utf-8-sig")


@pytest.fixture
def stage(tmp_path):
    """Two methods of blending, of which stacking was chosen, and the experiment alone."""
    report = {
        "method": "stacking", "members": {"rbert": {}, "typed": {}}, "select_by": "shift_micro_f1",
        "prior": PRIOR, "predicted": predict(METHODS["stacking"]),
        "methods": {name: {"predicted": predict(own)} for name, own in METHODS.items()},
    }  # fmt: skip
    prior = {"source": "none", "estimator": "auto", "max_disagreement": 0.1,
             "min_effective_rows": 1}  # fmt: skip
    evaluation = {"target_prior": prior, "n_resamples": 100, "confidence": 0.95, "seed": 1,
                  "select_by": "shift_micro_f1"}  # fmt: skip
    stage = Stage(
        tmp_path,
        {
            "ensemble_report@one": report,
            "experiment_metrics": {"predicted": predict_flat(72.5), "prior": PRIOR},
            "clean_test_sentences": pd.DataFrame({"row_id": [str(row) for row in range(N_ROWS)]}),
            "params:about": AboutParams(experiment="rbert", folder="rbert", why="왜"),
            "params:evaluation": EvaluationParams.model_validate(evaluation),
            "params:ledger": LedgerParams(max_per_day=10, near_copy_share=0.01),
        },
    )
    for seed, name in enumerate(["rbert", "ensemble/soft_vote", "ensemble/stacking"]):
        stage.write(f"{name}/submission.csv", make_submission(seed))
    stage.write("submission.csv", make_submission(2))
    return stage


def test_every_file_has_a_line_with_what_is_predicted(stage):
    ledger, _ = stage.run()
    assert ledger.index.tolist() == ["rbert", "blend by soft_vote", "blend by stacking"]
    assert ledger["file"].tolist() == [
        "rbert/submission.csv", "ensemble/soft_vote/submission.csv",
        "ensemble/stacking/submission.csv",
    ]  # fmt: skip
    assert ledger["members"].tolist() == ["rbert", "rbert;typed", "rbert;typed"]
    assert ledger["predicted_micro_f1"].astype(float).tolist() == [72.5, 73, 74]
    assert ledger["predicted_micro_f1_low"].astype(float).tolist() == [70.5, 71, 72]
    assert ledger["predicted_auprc_high"].astype(float).tolist() == [62, 62, 62]
    assert set(ledger["prior"]) == {"given"}
    assert (ledger[["submitted_at", "public_micro_f1", "note"]] == "").all().all()


def test_a_line_is_known_by_the_hash_of_its_file(stage):
    ledger, _ = stage.run()
    for name, file in ledger["file"].items():
        submission = pd.read_csv(stage.folder / file, dtype=str)
        assert ledger.loc[name, "sha256"] == hash_submission(submission)


def test_the_chosen_blend_has_a_line_of_its_own_once_it_is_decoded(stage):
    """Decoding changes the file and what is predicted for it, not what the method's blend says."""
    stage.write("submission.csv", make_submission(5))
    stage.inputs["ensemble_report@one"]["predicted"] = predict(75.0)
    ledger, _ = stage.run()
    final = ledger[ledger["file"] == "submission.csv"]
    assert final["predicted_micro_f1"].astype(float).tolist() == [75]
    assert final["name"].tolist() == ["blend by stacking"]
    assert len(ledger) == 4


def test_the_page_says_what_is_worth_a_submission(stage):
    stage.inputs["ensemble_report@one"]["methods"]["soft_vote"] = {"predicted": predict(60.0)}
    _, page = stage.run()
    assert "3 files on disk not yet submitted, 2 of them worth it; 0 submitted." in page
    assert "Its interval ends at 62.00, below the 74.00" in page
    assert "Nothing waits" not in page


def test_what_a_person_wrote_is_kept_and_compared(stage):
    stage.run()
    stage.fill_in("blend by stacking", submitted_at="2026-03-02 18:30", public_micro_f1="73.2",
                  public_auprc="58.5", note="첫 제출, 믿을 만함")  # fmt: skip
    ledger, page = stage.run()
    own = ledger.loc["blend by stacking"]
    assert own[["submitted_at", "note"]].tolist() == ["2026-03-02 18:30", "첫 제출, 믿을 만함"]
    assert (float(own["public_micro_f1"]), float(own["public_auprc"])) == (73.2, 58.5)
    assert len(ledger) == 3
    assert "2 files on disk not yet submitted, 2 of them worth it; 1 submitted." in page
    assert '74.00 <span class="interval">[72.00, 76.00]' in page
    assert "actual minus predicted is -0.80" in page
    assert "첫 제출, 믿을 만함" in page


def test_files_made_over_leave_their_line_only_if_a_person_wrote_there(stage):
    first, _ = stage.run()
    stage.fill_in("blend by stacking", public_micro_f1="73.2")
    for seed, name in enumerate(["ensemble/stacking", "ensemble/soft_vote", "."], start=10):
        stage.write(f"{name}/submission.csv", make_submission(seed))
    ledger, page = stage.run()
    kept = first["sha256"].isin(ledger["sha256"])
    assert kept.to_dict() == {
        "rbert": True, "blend by soft_vote": False, "blend by stacking": True,
    }  # fmt: skip
    assert len(ledger) == 5
    assert "submitted, but no longer on disk" in page


def test_a_refused_prior_is_told_as_plain(stage):
    refused = {"source": "estimated", "refusal": "no two estimators agree"}
    stage.inputs["ensemble_report@one"]["prior"] = refused
    stage.inputs["experiment_metrics"]["prior"] = refused
    ledger, _ = stage.run()
    assert set(ledger["prior"]) == {"plain"}


def test_a_refused_prediction_leaves_its_cells_empty(stage):
    """Another file has one, and is ranked; those without are on the page and have no rank."""
    refused = {"predicted": {}, "not_predicted": "estimates are 30 points apart"}
    stage.inputs["experiment_metrics"] |= refused
    stage.inputs["ensemble_report@one"]["methods"]["soft_vote"] = refused
    ledger, page = stage.run()
    cells = ledger.filter(like="predicted_")
    assert (cells != "").all(axis=1).to_dict() == {
        "rbert": False, "blend by soft_vote": False, "blend by stacking": True,
    }  # fmt: skip
    assert (cells.loc[["rbert", "blend by soft_vote"]] == "").all().all()
    assert page.count("No micro F1 is predicted for it, so it has no rank.") == 2


def test_the_ledger_waits_for_every_file():
    from kedro.pipeline import Pipeline, node

    names = ["submission", "blend_submissions", "experiment_submission"]
    ensemble = Pipeline([node(lambda: (1, 2, 3), None, names, name="ensemble")])
    order = [found.name for found in (create_pipeline() + ensemble).nodes]
    assert order == ["ensemble", "enter_submissions", "render_submissions"]
