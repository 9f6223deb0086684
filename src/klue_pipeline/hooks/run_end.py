"""The hook that ends a run with its scores, where its results lie, and what to do next."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_facts import facts_of, path_in, result_in
from klue_pipeline.runs.parameters import ODQA
from klue_pipeline.runs.remedies import environment_option, kedro_run

logger = logging.getLogger(__name__)

_METRICS = "experiment_metrics"
_RETRIEVAL = "odqa.retrieval_report"
_SUBMISSION, _OWN_SUBMISSION = "submission", "experiment_submission"
_FIRST = (_SUBMISSION, "odqa.predictions")
_ANSWERED = "odqa.answer_report"
_ABOUT = "params:odqa.about"
_COMPARED, _RETRIEVAL_COMPARED = "leaderboard_page", "odqa.leaderboard_page"
"""Who made it has compared what there is, and may want more to compare."""


class RunEndHooks:
    """Log what a person wants to know when a run is over.

    Registered first of all: hooks are called last registered first, so nothing follows its lines.
    """

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Tell the scores of the run, the results to look at, and the next command."""
        made = pipeline.all_outputs()
        partial = ""
        if _METRICS in made and catalog.exists(_METRICS):
            # Takes SciPy's optimizers and statistics along, which most commands do without.
            from klue_pipeline.relation.shift.report import tell_scores

            metrics = catalog.load(_METRICS)
            partial = metrics.get("partial", "")
            for line in [*tell_scores(metrics), *_own_submission(catalog, partial)]:
                logger.info("%s", line)
        for line in _found_and_answered(catalog, made):
            logger.info("%s", line)
        for line in _results(catalog, made - {_SUBMISSION} if partial else made):
            logger.info("%s", line)
        if _COMPARED in made:
            command = f"kedro experiments {environment_option(run_params)}".rstrip()
            logger.info("Next: %s (lists what else can be run and compared)", command)
        if _RETRIEVAL_COMPARED in made:
            logger.info("Next: %s", _another_experiment(run_params, catalog, made))


def _found_and_answered(catalog: Any, made: set[str]) -> Iterator[str]:
    """Tell how good the passages are that open-domain QA found, and its answers."""
    if _RETRIEVAL in made and catalog.exists(_RETRIEVAL):
        from klue_pipeline.odqa.retrieval_report.table import tell_retrieval

        yield from tell_retrieval(catalog.load(_RETRIEVAL))
    if _ANSWERED in made and catalog.exists(_ANSWERED):
        from klue_pipeline.odqa.answer_report.table import tell_answers

        yield from tell_answers(catalog.load(_ANSWERED))


def _another_experiment(run_params: dict[str, Any], catalog: Any, made: set[str]) -> str:
    """Return the command of another experiment that needs nothing of the user's."""
    done = catalog.load(_ABOUT).experiment
    answers = _ANSWERED in made
    job = ODQA.job if answers else "odqa_retrieval"
    others = ("cnn", "bilstm") if answers else ("hybrid", "tfidf")
    other = next(name for name in others if name != done)
    command = kedro_run(run_params, {"odqa.experiment": other}, job, same_experiment=False)
    return f"{command} (or another entry of {ODQA.lab_book})"


def _own_submission(catalog: Any, partial: str) -> Iterator[str]:
    """Name the file that the scores of a run of some folds are of: it is not the one to submit."""
    path = path_in(catalog, _OWN_SUBMISSION) if partial else None
    if path is not None:
        yield (
            f"Scored on {partial}; a blend takes such an experiment only if ensemble.members names "
            f"it, or if none has all folds. Its own file: {_shown(path)}"
        )


def _results(catalog: Any, made: set[str]) -> Iterator[str]:
    """Name the results that the catalog marks and that are on disk, what to submit first."""
    for name in sorted(made, key=lambda name: (name not in _FIRST, name)):
        if name not in catalog:
            continue
        what, path = facts_of(catalog, name).result, result_in(catalog, name)
        if what and path is not None and path.exists():
            yield f"{what}: {_shown(path)}"


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
