"""A part of the job that comes too early says what has to be made before."""

from types import SimpleNamespace

import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.runs.missing_inputs import require_made

TRAIN = Pipeline([node(lambda *_: 1, ["features", "raw_train"], "out_of_fold@one", name="train")])
AUDIT = Pipeline([node(lambda *_: 1, ["out_of_fold@one", "raw_train"], "suspects", name="audit")])
PIPELINES = {
    "tokenize": Pipeline([node(lambda _: 1, "raw_train", "features", name="encode")]),
    "train": TRAIN,
    "label_audit": AUDIT,
    "__default__": TRAIN,
}


def parameters(run_name=None):
    return SimpleNamespace(experiment="rbert", run=SimpleNamespace(name=run_name))


@pytest.fixture
def path_of(tmp_path):
    return lambda name: None if name == "raw_train" else tmp_path / name


def test_what_is_there_is_read(path_of):
    path_of("out_of_fold@one").touch()
    require_made(AUDIT, PIPELINES, parameters(), path_of, {"env": None})


def test_what_the_run_makes_itself_need_not_be_there(path_of):
    require_made(sum(PIPELINES.values(), Pipeline([])), PIPELINES, parameters(), path_of, {})


def test_what_is_missing_is_said_with_its_stage_and_a_command(path_of):
    with pytest.raises(ValueError, match="nobody has made yet") as raised:
        require_made(AUDIT, PIPELINES, parameters(), path_of, {"env": None})
    assert str(raised.value) == (
        "This part of the job reads what nobody has made yet: out_of_fold (made by train). Run "
        "the whole job first: kedro run --params experiment=rbert"
    )


def test_the_command_names_environment_and_variant(path_of):
    with pytest.raises(ValueError, match="nobody has made yet") as raised:
        require_made(TRAIN, PIPELINES, parameters("lr"), path_of, {"env": "klue"})
    assert "features (made by tokenize)" in str(raised.value)
    assert str(raised.value).endswith("kedro run --env klue --params experiment=rbert,run.name=lr")
