"""What the project keeps beside the folders of experiments, as the catalog says it."""

import pytest

from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.taken_names import ANY_EXPERIMENT, explain_taken, find_taken_names


@pytest.fixture(scope="module")
def taken():
    loader = read_configuration("test", runtime={"experiment": ANY_EXPERIMENT})
    return find_taken_names(loader["catalog"])


@pytest.mark.parametrize(
    "name",
    ["ensemble", "Ensemble", "blend_scores", "adapted", "eda", "bundles", "metrics.json",
     "experiments.csv", "fold_0", "a.fold_1"],
)  # fmt: skip
def test_a_name_of_the_projects_own_is_taken(taken, name):
    assert explain_taken(name, taken)


@pytest.mark.parametrize("name", ["typed_punct_query", "ensemble_1", "edas", "klue.v1", "folds"])
def test_other_names_are_free(taken, name):
    assert explain_taken(name, taken) is None
