"""The compose pipeline over score tables on disk, as members leave them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.compose import create_pipeline
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.params import CompositeParams, TargetParams
from klue_pipeline.relation.splits import fingerprints
from klue_pipeline.runs import topology
from klue_pipeline.settings import CONFIG_LOADER_ARGS
from klue_pipeline.training.params import FoldsParams

CONF = Path(__file__).parents[3] / "conf"
SCORES = "klue_pipeline.datasets.tables.score_table.ScoreTableDataset"
CASCADE = CompositeParams(name="cascade")
COMBINE = CompositeParams(
    name="combine", width=4, dropout=0.1, epochs=2, learning_rate=0.01, weight_decay=0.0, seed=1
)
TARGETS = {"binary": "binary", "v1.0--lr": "positive"}


def in_graph(strategy="kfold", run=None, n_splits=2):
    folds = FoldsParams(strategy=strategy, n_splits=n_splits, seed=1, validation_share=0.2, run=run)
    topology.set_shape(topology.Shape(folds, "composite", tuple(TARGETS)))


class Stage:
    """Tables of a run, and members whose scores were made from them."""

    def __init__(self, folder, sentences):
        self.folder = folder
        self.clean, self.test = sentences[:16], sentences[16:].assign(label=None)
        self.members = pd.DataFrame({"fold": [0, 1] * 8, "row_id": self.clean["row_id"]})
        self.members = self.members.sort_values(["fold", "row_id"], ignore_index=True)
        self.labels = LabelSet(names=sorted(sentences["label"].unique()), negative="no_relation")

    def catalog(self, composite=CASCADE, experiment="both"):
        """A catalog like the project's."""
        config = {
            "fold_{number}.workspace": {
                "type": "klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset",
                "number": "{number}", "filepath": str(self.folder / ".scratch/fold_{number}"),
            },
            "fold_{number}.metrics": {
                "type": "json.JSONDataset", "filepath": self.path(experiment, "metrics.json"),
            },
            "out_of_fold@one": {
                "type": SCORES, "filepath": str(self.folder / experiment / "out_of_fold.parquet"),
            },
            "test_scores@one": {
                "type": SCORES, "filepath": str(self.folder / experiment / "test_scores.parquet"),
            },
        }  # fmt: skip
        for part in ("validation", "test"):
            for name, folder in (("", experiment), ("member_{name}.", "{name}")):
                config[f"{name}fold_{{number}}.{part}_scores"] = {
                    "type": SCORES, "filepath": self.path(folder, f"{part}.parquet"),
                }  # fmt: skip
        made = DataCatalog.from_config(config)
        made["clean_sentences"], made["clean_test_sentences"] = self.clean, self.test
        made["fold_members"], made["labels"] = self.members, self.labels
        made["params:composite"] = composite
        return made

    def path(self, folder, file):
        return str(self.folder / folder / "fold_{number}" / file)

    def train(self):
        """Let both members score, at random: what a row gets does not depend on its label."""
        for name, target in TARGETS.items():
            for fold in (0, 1):
                for part in ("validation", "test"):
                    table = self.table(target, fold, part)
                    self.catalog().save(f"member_{name}.fold_{fold}.{part}_scores", table)

    def table(self, target, fold, part):
        rows = self.members.loc[self.members["fold"] == fold, "row_id"]
        ids = (rows if part == "validation" else self.test["row_id"]).to_numpy(dtype=object)
        label_set = LabelSet.model_validate(self.labels)
        names = target_labels(label_set, TargetParams(name=target)).names
        logits = np.random.default_rng([fold, len(names)]).normal(size=(len(ids), len(names)))
        fingerprint = {
            "rows": fingerprints.rows_fingerprint(self.clean),
            "folds": fingerprints.folds_fingerprint(self.members),
        }
        if part == "test":
            fingerprint["test_rows"] = fingerprints.test_rows_fingerprint(self.test)
        folds = np.full(len(ids), fold) if part == "validation" else None
        return ScoreTable(ids, logits.astype(np.float32), tuple(names), folds, fingerprint)

    def run(self, *nodes, composite=CASCADE):
        catalog = self.catalog(composite)
        pipeline = create_pipeline()
        SequentialRunner().run(pipeline.filter(node_names=nodes or None), catalog)
        return catalog


@pytest.fixture
def stage(tmp_path, small_sentences):
    in_graph()
    stage = Stage(tmp_path, small_sentences)
    stage.train()
    yield stage
    topology.forget_shape()


METHODS = pytest.mark.parametrize("composite", [CASCADE, COMBINE], ids=["cascade", "combine"])


@METHODS
def test_a_composite_leaves_what_an_experiment_leaves(stage, composite):
    catalog = stage.run(composite=composite)
    scores, test = catalog.load("out_of_fold@one"), catalog.load("test_scores@one")
    assert scores.row_ids.tolist() == stage.members["row_id"].tolist()
    assert scores.folds.tolist() == stage.members["fold"].tolist()
    assert test.row_ids.tolist() == stage.test["row_id"].tolist()
    for table in (scores, test):
        assert table.labels == tuple(stage.labels.names)
        np.testing.assert_allclose(table.probabilities.sum(axis=1), 1)
    by_fold = [catalog.load(f"fold_{fold}.test_scores").probabilities for fold in (0, 1)]
    np.testing.assert_allclose(test.probabilities, np.mean(by_fold, axis=0), rtol=1e-5)


def test_metrics_are_those_of_the_held_out_rows(stage):
    catalog = stage.run()
    scores = catalog.load("fold_1.validation_scores")
    gold = stage.clean.set_index("row_id")["label"][scores.row_ids]
    ids = [stage.labels.names.index(label) for label in gold]
    wanted = score_metrics(scores.logits, ids, stage.labels.names.index("no_relation"))
    assert catalog.load("fold_1.metrics") == pytest.approx({**wanted, "rows": 8})


def test_one_fold_alone_gives_what_it_gives_among_others(stage):
    together = stage.run(composite=COMBINE).load("fold_1.test_scores")
    alone = stage.run("fold_1.compose", composite=COMBINE).load("fold_1.test_scores")
    np.testing.assert_array_equal(together.logits, alone.logits)


@METHODS
def test_a_held_out_row_changes_nothing_of_its_fold(stage, composite):
    """A marker is planted in fold 0: its label is another, and members are trained with it."""
    before = stage.run(composite=composite)
    wanted = [before.load(f"fold_0.{part}_scores").logits for part in ("validation", "test")]
    other = before.load("fold_1.test_scores").logits
    marker = stage.members.loc[stage.members["fold"] == 0, "row_id"].iloc[0]
    is_marker = stage.clean["row_id"] == marker
    assert (stage.clean.loc[is_marker, "label"] != "per:spouse").all()
    stage.clean = stage.clean.assign(label=stage.clean["label"].mask(is_marker, "per:spouse"))
    stage.train()
    after = stage.run(composite=composite)
    for part, logits in zip(("validation", "test"), wanted, strict=True):
        np.testing.assert_array_equal(after.load(f"fold_0.{part}_scores").logits, logits)
    # Fold 1 may learn from it, which shows that the marker does reach a combiner.
    changed = not np.array_equal(after.load("fold_1.test_scores").logits, other)
    assert changed == (composite is COMBINE)


def test_a_member_of_other_rows_is_refused_by_name(stage):
    stage.clean = stage.clean.assign(label="no_relation")
    with pytest.raises(ValueError, match=r"Experiment binary cannot be joined: rows of its"):
        stage.run()


def test_a_fold_reads_shared_tables_and_all_folds_of_its_members(stage):
    nodes = {node.name: node for node in create_pipeline().nodes}
    assert set(nodes) == {
        "fold_0.compose", "fold_1.compose", "collect_out_of_fold", "average_folds"
    }  # fmt: skip
    assert set(nodes["fold_1.compose"].inputs) == {
        "clean_sentences", "fold_members", "clean_test_sentences", "labels", "fold_1.workspace",
        "params:composite",
        *(f"member_{name}.fold_{fold}.validation_scores" for name in TARGETS for fold in (0, 1)),
        *(f"member_{name}.fold_1.test_scores" for name in TARGETS),
    }  # fmt: skip
    assert nodes["fold_1.compose"].func.__annotations__["composite"] is CompositeParams


def test_the_catalog_finds_a_member_wherever_its_name_has_dots():
    """The project's own entries, whose patterns must not take each other's names."""
    entries = OmegaConfigLoader(str(CONF), env="test", **CONFIG_LOADER_ARGS)["catalog"]
    catalog = DataCatalog.from_config(entries)
    for member in ("binary", "v1.0--lr3e-5", "fold_0", "member_x", "a+b"):
        for name, file in (("validation_scores", "validation"), ("test_scores", "test")):
            dataset = catalog.get(f"member_{member}.fold_12.{name}")
            wanted = f"data/test/07_model_output/{member}/fold_12/{file}.parquet"
            assert str(dataset._filepath) == wanted
