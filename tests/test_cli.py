"""The command line: quick where it need not compute, and one message where something is wrong."""

import shutil

import click
import pytest

from klue_pipeline.cli import run
from klue_pipeline.commands.options import parse_params

HEAVY = {"torch", "transformers", "mlflow", "matplotlib", "sklearn"}
# Runs a command as the console script does, then says which of the heavy libraries it imported.
WATCHED = f"""
import sys
from kedro.framework.cli.cli import main
sys.argv = ["kedro", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print("exit", end.code)
print("imported:", *sorted({HEAVY!r} & set(sys.modules)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["--help"], "run "),
        (["run", "--help"], "--only-missing-outputs"),
        (["registry", "list"], "- __default__"),
    ],
)
def test_commands_that_compute_nothing_import_nothing_heavy(whole_run, command, shown):
    ended = whole_run[0].python("-c", WATCHED, *command)
    assert shown in ended.console
    assert ended.console.splitlines()[-2:] == ["exit 0", "imported:"]
    assert "Warning" not in ended.console


WRONG = {
    "a missing file": (["raw.train=nope.csv"], "There is no file"),
    "a file in CP949": (["raw.train=cp949.csv"], "iconv -f CP949"),
    "a missing column": (["raw.train=no_object.csv"], "no_object.csv lacks object_entity"),
    "a training file without labels": (["raw.train=blind.csv"], "no labels"),
    "the test file to train on": (
        ["raw.train=data/01_raw/sample/test.csv"],
        "raw.test: found 'data/01_raw/sample/test.csv', which is raw.train too",
    ),
    "an unknown setting": (["training.epoch=3"], "training.epoch: there is no such setting."),
    "an unknown experiment": (["experiment=nope"], "typed_punct_query"),
    "an unknown group": (["trainin.epochs=3"], "Did you mean training?"),
    "a wrong value": (["training.epochs=zwei"], "training.epochs: found 'zwei'"),
    "a fold that is not there": (["folds.run=[7]"], "there are folds 0 to 1"),
    "a head that needs markers": (
        ["experiment=pair_prefix_cls,head.name=entity_start"],
        "reads the entities' markers, but input.name=pair_prefix writes none",
    ),
    "margins without cosines": (
        ["loss.name=ldam,loss.beta=0.9,loss.max_margin=0.5,loss.reweight_after_share=0.8"],
        "loss.name=ldam needs cosine logits",
    ),
    "a missing member": (
        ["experiment=cascade"],
        "Experiment cascade joins binary, positive; binary has no validation scores of folds 0, 1",
    ),
    "a stage of another kind": (
        ["experiment=cascade", "--pipelines", "train"],
        "whose pipelines are adapt, bundle, clean, compose, ensemble, errors, ingest, label_audit, "
        "leaderboard, report, submissions.",
    ),
    "mistakes of an experiment that was not trained": (
        ["augment.methods=[aeda],augment.aeda.select.mistakes_of=rbert_focal"],
        "Train it first: kedro run --env test --params experiment=rbert_focal",
    ),
    "mistakes of itself": (
        ["augment.methods=[aeda],augment.aeda.select.mistakes_of=typed_punct_query"],
        "Experiment typed_punct_query reads its own earlier scores",
    ),
    "mistakes of nobody": (
        ["augment.methods=[aeda],augment.aeda.select.mistakes_of=rbert_fokal"],
        "there is no experiment 'rbert_fokal'. Did you mean rbert_focal?",
    ),
    "an unknown augmentation": (
        ["augment.methods=[swap]"],
        "augment.methods.0: found 'swap'; Input should be 'entity_swap', 'mask_words'",
    ),
    "synonyms from nowhere": (
        ["augment.methods=[eda],augment.eda.operations=[synonym]"],
        "operations synonym need synonyms=table",
    ),
    "a label that no row has": (
        ["augment.methods=[aeda],augment.aeda.select.labels=[per:wife]"],
        "augment.aeda.select.labels: no label set has 'per:wife'.",
    ),
    "a type pair that is none": (
        ["augment.methods=[aeda],augment.aeda.select.types=[PER-ORG]"],
        "augment.aeda.select.types: found 'PER-ORG'; two entity types joined by a colon",
    ),
    "a review that is not there": (
        ["raw.reviewed_rows=nope.csv"],
        "given as raw.reviewed_rows, is not there.",
    ),
    "a cleaning rule twice": (
        ["clean.rules=[test_overlap,test_overlap]"],
        "rules names test_overlap more than once; name each once",
    ),
    "nobody to ask about labels": (
        ["clean.contradictory_duplicates.keep=keep_by_model"],
        "goes with keep=keep_by_model and only with it",
    ),
    "an encoder that was not adapted": (
        ["experiment=tapt"],
        "make it with kedro run --pipelines ingest,clean,adapt",
    ),
}


@pytest.fixture(scope="module")
def wrong(whole_run, tmp_path_factory):
    """What every command of WRONG says, on top of a finished job that none of them may touch."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("wrong") / "project")
    text = (project.folder / "data/01_raw/sample/train.csv").read_text(encoding="utf-8")
    shutil.copy(project.folder / "data/01_raw/sample/test.csv", project.folder / "blind.csv")
    (project.folder / "cp949.csv").write_bytes(text.encode("cp949", "ignore"))
    (project.folder / "no_object.csv").write_text(
        text.replace("object_entity", "object"), encoding="utf-8"
    )
    (project.folder / "conf/broken").mkdir()
    (project.folder / "conf/broken/parameters.yml").write_text("folds: {n_splits: 2\n")
    before = project.snapshot()
    ended = project.run_each(*(["--params", *command] for command, _ in WRONG.values()))
    return project, before, dict(zip(WRONG, ended, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_once_and_without_a_traceback(wrong, case):
    ended, message = wrong[2][case], WRONG[case][1]
    said = " ".join(ended.console.split())
    assert ended.code == 1
    assert said.count(message) == 1
    assert said.count("Error: ") == 1
    assert "Traceback" not in said
    assert "site-packages" not in said
    assert said.endswith("(KLUE_TRACEBACK=1 shows where this was raised.)")


@pytest.mark.slow
def test_a_wrong_command_changes_no_result(wrong):
    project, before, _ = wrong
    after = {name: value for name, value in project.snapshot().items() if "unfinished" not in name}
    made = {name for name in after if after[name] != before.get(name)}
    # The jobs that were given the test file as training file, or a review that is not there, read
    # the rows before they noticed, and are on record as failed.
    assert {name.rpartition("/")[2].split(".")[0] for name in made} <= {
        "labels", "sentences", "rejected_rows", "test_sentences", "test_gold", "run_record"
    }  # fmt: skip
    assert before.keys() <= after.keys()


@pytest.mark.slow
def test_a_wrong_environment_and_a_broken_file_are_explained_too(wrong):
    project = wrong[0]
    for name, message in [("nope", "conf/nope"), ("broken", "broken/parameters.yml")]:
        ended = project.python("-m", "kedro", "run", "--env", name)
        assert ended.code == 1
        assert message in "".join(ended.console.split())
        assert "Traceback" not in ended.console


@pytest.mark.slow
def test_the_traceback_can_be_had(wrong):
    ended = wrong[0].run("--params", "training.epoch=3", KLUE_TRACEBACK="1")
    assert ended.code == 1
    assert "Traceback" in ended.console
    assert "check_parameters" in ended.console
    assert "training.epoch: there is no such setting. Did you mean epochs?" in ended.console


@pytest.mark.slow
def test_the_package_runs_without_the_kedro_command(wrong):
    ended = wrong[0].python(
        "-m", "klue_pipeline", "--env", "test", "--params", "training.epochs=zwei"
    )
    assert ended.code == 1
    assert "training.epochs: found 'zwei'" in ended.console
    assert "Traceback" not in ended.console


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        ("", {}),
        ("training.epochs=3", {"training": {"epochs": 3}}),
        ("a.b=1, a.c = x", {"a": {"b": 1, "c": "x"}}),
        ("folds.run=[0,2],run.name=look", {"folds": {"run": [0, 2]}, "run": {"name": "look"}}),
        ("ensemble.members=[baseline, rbert]", {"ensemble": {"members": ["baseline", "rbert"]}}),
        ("raw.train=한글/train=1.csv", {"raw": {"train": "한글/train=1.csv"}}),
        ("mlflow.enabled=false", {"mlflow": {"enabled": False}}),
        ("raw.test_gold=null", {"raw": {"test_gold": None}}),
    ],
)
def test_params_are_read_with_their_lists(typed, settings):
    with run.make_context("kedro run", ["--params", typed]) as context:
        assert context.params["params"] == settings


@pytest.mark.parametrize("typed", ["epochs", "=3", "training.epochs=3,seed", " =x"])
def test_params_without_a_name_or_value_are_refused(typed):
    with pytest.raises(click.UsageError, match="name=value was wanted"):
        run.make_context("kedro run", ["--params", typed])


def test_params_from_a_configuration_file_are_taken_as_they_are():
    nested = {"training": {"epochs": 3}}
    with run.make_context("kedro run", []) as context:
        assert parse_params(context, run.params[0], nested) == nested


def test_the_command_keeps_kedros_other_options():
    from kedro.framework.cli.project import run as kedro_run

    names = [option.name for option in kedro_run.params]
    assert [option.name for option in run.params] == names
    assert kedro_run.params[names.index("params")].callback is not parse_params
