"""The command line: ``kedro run`` as Kedro ships it, but for four things, and commands of our own.

An expected error is one message instead of a traceback, a list in ``--params`` may have commas,
nodes of open-domain QA are found without ``--pipelines``, and no process of the parallel runner
outlives the command.
"""

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import CONTEXT_SETTINGS, env_option

from klue_pipeline.commands.errors import explain_errors
from klue_pipeline.commands.options import (
    ParamsOption,
    explain_config_file,
    parse_params,
    split_settings,
)
from klue_pipeline.console import quieten

_NODE_OPTIONS = ("node_names", "from_nodes", "to_nodes")
_PARAMS_HELP = (
    'Settings of this run, as name=value joined by commas: "training.epochs=2,folds.run=[0]".'
)


@click.group(name="klue_pipeline")
def cli() -> None:
    """Commands of this project beside those that replace Kedro's."""


def _choose_runner(context: click.Context, option: click.Parameter, name: str | None) -> str | None:  # noqa: ARG001 (click's signature)
    return "klue_pipeline.runners.ParallelRunner" if name == "ParallelRunner" else name


def _with_our_reading(option: click.Parameter) -> click.Parameter:
    if option.name == "params":
        return ParamsOption(["--params"], callback=parse_params, help=_PARAMS_HELP)
    replaced = copy.copy(option)
    if option.name == "runner":
        replaced.callback = _choose_runner
    if option.name == "config" and option.callback is not None:
        replaced.callback = explain_config_file(option.callback)
    return replaced


def _finding_the_job(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let nodes of another task be named alone: a run without pipelines has those of relation."""

    @functools.wraps(command)
    def found(**options: Any) -> Any:
        named = [name for field in _NODE_OPTIONS for name in options.get(field) or ()]
        if named and not (options.get("pipelines") or options.get("pipeline")):
            from klue_pipeline.runs.parameters import task_of

            options["pipelines"] = list(filter(None, [task_of(named).job]))
        return command(**options)

    return found


quieten()  # before Kedro says that it deprecates --pipeline
run = copy.copy(kedro_run)
run.params = [_with_our_reading(option) for option in kedro_run.params]
if kedro_run.callback is not None:
    run.callback = explain_errors(_finding_the_job(kedro_run.callback))
cli.add_command(run)


@cli.command(context_settings=CONTEXT_SETTINGS)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every experiment of the environment.")
@env_option
@click.option(
    "--params",
    cls=ParamsOption,
    callback=split_settings,
    help="Settings for each of the runs, as kedro run takes them; the names say which experiments.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Run so many at once, on so many Dask workers of this machine, or on the cluster that "
    "DASK_SCHEDULER_ADDRESS names.",
)
@explain_errors
def experiments(
    names: tuple[str, ...], every: bool, env: str | None, params: list[str], workers: int | None
) -> None:
    """Run experiments one after the other or side by side, then show how they rank.

    NAMES are entries of conf/*/parameters_experiments.yml; without any, they are listed. Each is
    one tracked `kedro run` in a process of its own, so that one that fails or is killed does not
    stop the rest. What is finished already is skipped, as far as nothing that it depends on has
    changed; an interrupted run goes on; a composite's members and an adapted encoder are made
    first. Scores and differences to the best are those of the leaderboard, which is made anew
    where the last run did not; experiments.csv beside it holds the table too.

    --params run.name=... names the folders of the experiments in NAMES; members that a composite
    brings along keep their own.
    """
    from klue_pipeline.commands.experiments import run_experiments

    code = run_experiments(names, every=every, env=env, settings=params, workers=workers)
    raise SystemExit(code)


@cli.command(context_settings=CONTEXT_SETTINGS)
@env_option
@click.option("--experiment", help="The entry to start from; else the one of the environment.")
@click.option("--trials", type=int, help="Trials that the study has in the end.")
@click.option("--storage", help="Database of studies, such as postgresql+psycopg://host/optuna.")
@click.option("--study", help="Name of the study; else that of the experiment.")
@click.option(
    "--odqa",
    "part",
    type=click.Choice(["reader", "retriever"]),
    help="Search for settings of open-domain QA instead of relation extraction.",
)
@click.option("--write-entry", "entry", help="Write the winner into the lab book by this name.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    help="Processes that search at once on this machine, each with a GPU of its own if there are.",
)
@click.option(
    "--params",
    cls=ParamsOption,
    callback=split_settings,
    help="Settings of the search and of what is not searched, as kedro run takes them.",
)
@explain_errors
def tune(
    env: str | None,
    part: str | None,
    entry: str | None,
    workers: int,
    params: list[str],
    **options: object,
) -> None:
    """Search for settings: trials, the best of them again with other seeds, and an entry.

    What is searched stands in conf/*/parameters_tune.yml (tune.space). What the search reads is
    made first where it is missing. A study that exists is joined: the same call goes on after a
    kill, and more processes, on more machines, share the work.

    --write-entry writes what won into conf/<env>/ (conf/local/ without --env).
    """
    from klue_pipeline.commands.tune import TuneRequest, search, tune_settings

    settings = tune_settings(params, part=part, **options)  # type: ignore[arg-type]
    raise SystemExit(search(TuneRequest(env, settings, part, entry, workers)))


@cli.command(context_settings=CONTEXT_SETTINGS)
@click.argument("names", nargs=-1, required=True)
@env_option
@click.option("--mlflow", is_flag=True, help="Delete their runs in MLflow too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@explain_errors
def delete_experiment(names: tuple[str, ...], env: str | None, mlflow: bool, yes: bool) -> None:
    """Delete experiments that were run: their features, models, scores and reports.

    NAMES are those of the leaderboard: an entry of the lab book, or <entry>--<run.name> for a
    variant. The lab book itself stays as it is. The folders are shown first, with their sizes.
    """
    from klue_pipeline.commands.delete_experiment import delete_experiments

    raise SystemExit(delete_experiments(names, env=env, with_mlflow=mlflow, confirmed=yes))


@cli.command(context_settings=CONTEXT_SETTINGS)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@env_option
@click.option(
    "--params",
    cls=ParamsOption,
    callback=split_settings,
    help="Settings that name the test rows and the labels, as kedro run takes them.",
)
@explain_errors
def check_submission(files: tuple[Path, ...], env: str | None, params: list[str]) -> None:
    """Check submission files before they are sent, and name each wrong line.

    FILES are CSV files with the columns id, pred_label and probs, from this project or elsewhere,
    or JSON files with the answers of open-domain QA by question id, as predictions.json. Ids and
    labels have to be those of the environment, as far as it has test rows and labels on disk. The
    exit code is 1 if any file has a problem. A file without one is described: rows, commonest
    labels, and the SHA-256 by which submissions.csv knows it.
    """
    from klue_pipeline.commands.check_predictions import check_predictions, is_predictions
    from klue_pipeline.commands.check_submission import check_submissions

    answers = [path for path in files if is_predictions(path)]
    tables = [path for path in files if path not in answers]
    checks = {check_submissions: tables, check_predictions: answers}
    codes = [check(own, env=env, settings=params) for check, own in checks.items() if own]
    raise SystemExit(max(codes))
