"""The command line: quick where it need not compute, and one message where something is wrong."""

import shutil

import click
import kedro.runner
import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.cli import run
from klue_pipeline.commands import errors
from klue_pipeline.commands.errors import explain_errors
from klue_pipeline.commands.options import parse_params


class Pipelines(dict):
    """Registered pipelines that are all known from the start."""

    def set_requested(self, names):
        pass


HEAVY = {"torch", "transformers", "mlflow", "matplotlib", "sklearn"}
LIGHT = {"--help": "run ", "run --help": "--only-missing-outputs", "registry list": "- __default__"}
"""Commands that compute nothing, with something that each shows."""
# Runs commands as the console script does; after each of them, names what it imported.
WATCHED = f"""
import sys
from kedro.framework.cli.cli import main
for command in sys.argv[1:]:
    sys.argv = ["kedro", *command.split()]
    try:
        main()
    except SystemExit as end:
        print("exit", end.code)
    print("imported:", *sorted({HEAVY!r} & set(sys.modules)))
"""


@pytest.mark.slow
def test_commands_that_compute_nothing_import_nothing_heavy(whole_run):
    ended = whole_run[0].python("-c", WATCHED, *LIGHT)
    assert "Warning" not in ended.console
    consoles = ended.console.split("exit 0\nimported:\n")
    assert consoles.pop() == ""
    for console, shown in zip(consoles, LIGHT.values(), strict=True):
        assert shown in console


# What only the command can say; what is wrong with a setting is tested where settings are checked.
WRONG = {
    "a missing file": (["raw.train=nope.csv"], "There is no file"),
    "a file in CP949": (["raw.train=cp949.csv"], "iconv -f CP949"),
    "the test file in the place of the training file": (["raw.train=blind.csv"], "no labels"),
    "an unknown setting": (["training.epoch=3"], "training.epoch: there is no such setting."),
    "a missing member": (
        ["experiment=cascade"],
        "Experiment cascade joins binary, positive; binary has no validation scores of folds 0, 1",
    ),
    "a stage of another kind": (
        ["experiment=cascade", "--pipelines", "train"],
        "whose pipelines are adapt, bundle, clean, compose, ensemble, errors, ingest, label_audit, "
        "leaderboard, odqa, odqa_answer, ",
    ),
    "mistakes of an experiment that was not trained": (
        ["augment.methods=[aeda],augment.aeda.select.mistakes_of=rbert_focal"],
        "Run it first: kedro run --env test --params experiment=rbert_focal",
    ),
}


@pytest.fixture(scope="module")
def wrong(whole_run, tmp_path_factory):
    """What every command of WRONG says, on top of a finished job that none of them may touch."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("wrong") / "project")
    text = (project.folder / "data/01_raw/sample/train.csv").read_text(encoding="utf-8")
    shutil.copy(project.folder / "data/01_raw/sample/test.csv", project.folder / "blind.csv")
    (project.folder / "cp949.csv").write_bytes(text.encode("cp949", "ignore"))
    (project.folder / "conf/broken").mkdir()
    (project.folder / "conf/broken/parameters.yml").write_text("folds: {n_splits: 2\n")
    before = project.snapshot()
    ended = project.run_each(*(["--params", *command] for command, _ in WRONG.values()))
    return project, before, dict(zip(WRONG, ended, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_shown_once_and_without_a_traceback(wrong, case):
    ended, message = wrong[2][case], WRONG[case][1]
    console = " ".join(ended.console.split())
    assert ended.code == 1
    assert console.count(message) == 1
    assert console.count("Error: ") == 1
    assert "Traceback" not in console
    assert "site-packages" not in console
    assert console.endswith("(KLUE_TRACEBACK=1 shows where this was raised.)")


@pytest.mark.slow
def test_a_wrong_command_changes_no_result(wrong):
    project, before, _ = wrong
    after = {name: value for name, value in project.snapshot().items() if "unfinished" not in name}
    made = {name for name in after if after[name] != before.get(name)}
    # The job that was given the test file as training file read it before it noticed.
    assert {name.rpartition("/")[2].split(".")[0] for name in made} <= {
        "labels", "sentences", "rejected_rows", "test_sentences", "test_gold", "run_record"
    }  # fmt: skip
    assert before.keys() <= after.keys()


@pytest.mark.slow
def test_a_wrong_environment_and_a_broken_file_are_explained_too(wrong):
    project = wrong[0]
    for name, message in [("nope", "conf/nope"), ("broken", "broken/parameters.yml")]:
        ended = project.kedro("run", "--env", name)
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
        # Text is what is typed, whatever YAML would make of it; numbers are decimal.
        ("run.name=007,experiment=1e5", {"run": {"name": "007"}, "experiment": "1e5"}),
        ("labels.negative=no", {"labels": {"negative": "no"}}),
        ("labels.names=[no, yes, 1_0]", {"labels": {"names": ["no", "yes", "1_0"]}}),
        ("loss.alpha={no: 2, b: .5}", {"loss": {"alpha": {"no": 2, "b": 0.5}}}),
        ("raw.train='a,b [1.csv'", {"raw": {"train": "a,b [1.csv"}}),
        ("raw.train=o'brien/#1: x.csv", {"raw": {"train": "o'brien/#1: x.csv"}}),
        ("training.epochs=010,training.learning_rate=1e-3",
         {"training": {"epochs": 10, "learning_rate": 1e-3}}),
        ("training.epochs=yes", {"training": {"epochs": "yes"}}),
        ("ensemble.negative_bias=-1", {"ensemble": {"negative_bias": -1}}),
        ("run.name=null", {"run": {"name": None}}),
    ],
)  # fmt: skip
def test_params_are_read_with_their_lists(typed, settings):
    with run.make_context("kedro run", ["--params", typed]) as context:
        assert context.params["params"] == settings


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        *((typed, "name=value was wanted")
          for typed in ("epochs", "=3", "training.epochs=3,seed", " =x", "run.name=", "a..b=1")),
        ("training.epochs=1,folds.run=[0,run.name=quick", r"\[ is not closed"),
        ("training.epochs={", "{ is not closed"),
        ("folds.run=[0}", "} closes nothing"),
        ("raw.train=\udced\udc95\udc9c.csv", "set LC_ALL=C.UTF-8"),
        ("run.name='x", "' is not closed"),
        ("run.name='x'y", "cannot be read"),
        ("folds.seed=1,folds.seed=2", "folds.seed is given twice"),
        ("folds=1,folds.seed=2", "or as well as a part of it"),
    ],
)  # fmt: skip
def test_params_that_cannot_be_meant_are_refused(typed, message):
    with pytest.raises(click.UsageError, match=message):
        run.make_context("kedro run", ["--params", typed])


def test_params_given_twice_both_count():
    with run.make_context("kedro run", ["--params", "a=1", "--params", "b=2"]) as context:
        assert context.params["params"] == {"a": 1, "b": 2}


def test_params_from_a_configuration_file_may_have_dotted_names(tmp_path):
    config = tmp_path / "run.yml"
    config.write_text("run:\n  params: {training.epochs: 3, training: {seed: 1}, loss: {a.b: 2}}\n")
    wanted = {"training": {"epochs": 3, "seed": 1}, "loss": {"a.b": 2}}
    with run.make_context("run", ["--config", str(config)]) as context:
        assert context.params["params"] == wanted


def test_a_tag_that_no_node_has_is_answered_with_those_there_are(monkeypatch):
    pipelines = Pipelines(train=Pipeline([node(abs, "a", "b", tags=["train", "fold_0"])]))
    monkeypatch.setattr(errors, "pipelines", pipelines)

    @explain_errors
    def load():
        pipelines["train"].filter(tags=["fold0"])

    with pytest.raises(click.ClickException, match=r"--tags.* Tags are fold_0, train\."):
        load()


def test_a_misspelt_runner_is_said_with_the_right_one():
    @explain_errors
    def load():
        return kedro.runner.Sequental

    with pytest.raises(click.ClickException, match=r"--runner: .*Did you mean SequentialRunner\?"):
        load()


@pytest.mark.parametrize("text", ["- a", "runn: {}", "run: [", "run: 3", "run: {nosuch: 1}"])
def test_a_file_of_options_that_is_none_is_named(tmp_path, text):
    config = tmp_path / "run.yml"
    config.write_text(text)
    with pytest.raises(click.UsageError, match=r"--config: \S*run.yml cannot be read"):
        run.make_context("run", ["--config", str(config)])


def test_the_command_keeps_kedros_other_options():
    from kedro.framework.cli.project import run as kedro_run

    names = [option.name for option in kedro_run.params]
    assert [option.name for option in run.params] == names
    assert kedro_run.params[names.index("params")].callback is not parse_params
