"""Search for settings of the reader or the retriever, and say what was found.

Figures are not annotated as such, as in the search for settings of relation extraction.
"""

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import SettingNames, naming_settings
from klue_pipeline.odqa.settings.odqa_params import OdqaParams
from klue_pipeline.odqa.settings.tune_params import OdqaTuneParams
from klue_pipeline.odqa.tuning.searched import read_groups, require_search, searched_dimensions
from klue_pipeline.runs.parameters import ODQA, Parameters
from klue_pipeline.runs.tuning.lab_book_entry import entry_of_trial, tuned_name, write_tables
from klue_pipeline.runs.tuning.studies import about_study, load_study, open_search, run_search
from klue_pipeline.runs.tuning.trial_settings import (
    as_written,
    check_attempt,
    settings_of_trial,
    space_of,
)
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.tuning import report
from klue_pipeline.training.tuning.objective import Attempt, Objective
from klue_pipeline.training.tuning.tune_params import SearchParams

logger = logging.getLogger(__name__)

_OWN_NAMES: SettingNames = {"tune": ("odqa.tune", SearchParams)}
_DIGITS = 16
_NO_SEEDS = "No winner is named: nothing was trained with other seeds (odqa.tune.finalist_seeds)."
_WITHOUT_SEEDS = (
    "No winner is named: nothing of it is drawn at random, so that no other seeds could be tried. "
    "The questions chose it; the leaderboard of retrieval compares it with the experiment, "
    "question by question."
)

Evaluate = Callable[[OdqaParams, Attempt], float]
Tables = tuple[pd.DataFrame, pd.DataFrame]
"""All trials of a study, and the finalists."""


def search_reader_settings(  # noqa: PLR0913 (one argument per input of the node)
    *,
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    passages: pd.DataFrame,
    reader_examples: pd.DataFrame,
    reader_tokenizer: Any,
    reader_features: Any,
    fold_members: pd.DataFrame,
    scratch: Path,
    parameters: Mapping[str, Any],
    run: pd.DataFrame | None = None,
    **read: object,
) -> Tables:
    """Train readers until the study has enough, then the best of them with other seeds.

    Args:
        examples: Questions of all parts.
        gold_passages: Which passages hold their answers.
        passage_groups: Which passages are near duplicates.
        passages: What is searched.
        reader_examples: Questions with passages, as the experiment says.
        reader_tokenizer: What encoded them.
        reader_features: Their windows.
        fold_members: The split.
        scratch: Where resume states live meanwhile.
        parameters: All parameters of the run; a trial replaces some.
        run: What was retrieved, where readers learn from hard passages.
        read: Settings that are taken from ``parameters``, so that lineage knows of them.
    """
    from klue_pipeline.odqa.encoding.reader_examples import ReaderTables
    from klue_pipeline.odqa.tuning.reader_trials import ReaderRows, ReaderTrials

    del read
    own = _settings_of(parameters)
    trials = ReaderTrials(
        ReaderTables(examples, gold_passages, passage_groups, passages, run), own.augment,
        fold_members, own.evaluation.select_answers_by, own.tune, scratch / "reader",
    )  # fmt: skip
    made = ReaderRows(reader_examples, reader_tokenizer, reader_features)
    trials.remember(_reader_settings(own), made)
    facts = {
        "rows": reader_features.fingerprint["rows"][:_DIGITS],
        "folds": hash_table(fold_members, ["fold", "row_id"])[:_DIGITS],
        "odqa.tune.folds": str(own.tune.folds),
    }

    def evaluate(settings: OdqaParams, attempt: Attempt) -> float:
        return trials.evaluate(_reader_settings(settings), attempt.row_share, attempt.name)

    return _search(parameters, evaluate, facts, seed="odqa.training.seed")


def _reader_settings(settings: OdqaParams) -> Any:
    from klue_pipeline.odqa.reader.fold_training import ReaderSettings

    return ReaderSettings(
        settings.folds, settings.reader, settings.head, settings.training,
        settings.answer.max_answer_tokens,
    )  # fmt: skip


def search_retriever_settings(  # noqa: PLR0913 (one argument per input of the node)
    *,
    examples: pd.DataFrame,
    passages: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    cache: Path,
    scratch: Path,
    parameters: Mapping[str, Any],
    tokenizer: Any = None,
    negatives_run: pd.DataFrame | None = None,
    **read: object,
) -> Tables:
    """Try settings of a retriever until the study has enough, the best again with other seeds.

    What learns nothing, such as BM25, has no seeds, and is not tried again.

    Args:
        examples: Questions of all parts.
        passages: What is searched.
        gold_passages: Which passages hold the answers.
        passage_groups: Which passages are near duplicates.
        cache: Where tokens, and vectors of encoders as they are, lie from run to run.
        scratch: Where trained encoders live meanwhile.
        parameters: All parameters of the run; a trial replaces some.
        tokenizer: The encoder's, where one is needed.
        negatives_run: What the retriever of hard negatives found, where no trial can search by it.
        read: Settings that are taken from ``parameters``, so that lineage knows of them.
    """
    from klue_pipeline.odqa.dense.pairing import TrainingTables
    from klue_pipeline.odqa.tuning.retriever_trials import RetrieverTrials

    del read
    own = _settings_of(parameters)
    trials = RetrieverTrials(
        TrainingTables(examples, passages, gold_passages, passage_groups),
        own.evaluation.select_by, own.tune.seed, cache, scratch / "retriever", negatives_run,
    )  # fmt: skip
    trials.require_questions()
    if tokenizer is not None:
        trials.remember(own.encoder, tokenizer)
    facts = {
        "questions": hash_table(examples, ["question_id", "question", "part"])[:_DIGITS],
        "passages": hash_table(passages, ["passage_id", "title", "text"])[:_DIGITS],
        "gold": hash_table(gold_passages, ["question_id", "passage_id"])[:_DIGITS],
    }

    def evaluate(settings: OdqaParams, attempt: Attempt) -> float:
        return trials.evaluate(settings, attempt.row_share, attempt.name)

    seed = "odqa.retriever_training.seed" if own.tuned_part_learns else ""
    return _search(parameters, evaluate, facts, seed=seed)


def _settings_of(parameters: Mapping[str, Any]) -> OdqaParams:
    own = Parameters.model_validate(as_written(parameters)).odqa
    require_search(own)
    return own


def _search(
    parameters: Mapping[str, Any], evaluate: Evaluate, facts: Mapping[str, str], *, seed: str
) -> Tables:
    parameters = as_written(parameters)
    whole = Parameters.model_validate(parameters)
    own, dimensions = whole.odqa, searched_dimensions(whole.odqa)
    if left_out := [name for name in own.tune.space if name not in dimensions]:
        logger.info("Not searched, as the experiment does not read it: %s", ", ".join(left_out))
    groups = [ODQA.path(group) for group in read_groups(own)]
    facts = {**facts, f"odqa.{_score_of(own)[0]}": _score_of(own)[1]}
    tune = own.tune if seed else own.tune.model_copy(update=_ALL_AT_ONCE)
    objective = Objective(
        lambda attempt: evaluate(check_attempt(parameters, attempt, seed, ODQA), attempt),
        f"validation_{own.evaluation.select_answers_by}" if own.tune.part == "reader"
        else "validation_mrr",
    )  # fmt: skip
    with naming_settings(_OWN_NAMES):
        search = open_search(
            objective, tune, _study_of(own), about_study(whole, groups, list(dimensions), facts)
        )
        return run_search(search, space_of(parameters, dimensions, ODQA))


_ALL_AT_ONCE = {"rungs": "evaluations", "pruner": "none", "finalist_seeds": 0}
"""How settings are searched of what is not trained."""


def _score_of(params: OdqaParams) -> tuple[str, str]:
    """Return the setting that says by which score trials are judged, and this score."""
    evaluation = params.evaluation
    if params.tune.part == "reader":
        return "evaluation.select_answers_by", evaluation.select_answers_by
    return "evaluation.select_by", evaluation.select_by


def _study_of(params: OdqaParams) -> str:
    return f"odqa {params.tune.part} {params.about.folder}"


def report_search(
    trials: pd.DataFrame,
    finalists: pd.DataFrame,
    parameters: Mapping[str, Any],
    *read: object,
) -> tuple[dict[str, Any], str]:
    """Say whether the search found more than noise, and write the entry of what won.

    Args:
        trials: All trials.
        finalists: What was tried again with other seeds.
        parameters: All parameters of the run.
        read: Settings that are taken from ``parameters``, so that lineage knows of them.

    Returns:
        The report for JSON, and the entry as it stands in the lab book, with the retriever that it
        names where settings of one were searched.
    """
    del read
    parameters = as_written(parameters)
    own = Parameters.model_validate(parameters).odqa
    score = _score_of(own)[1]
    unrepeated = _NO_SEEDS if own.tuned_part_learns else _WITHOUT_SEEDS
    usual = space_of(parameters, searched_dimensions(own), ODQA).usual_values()
    with naming_settings(_OWN_NAMES):
        found = report.report_search(trials, finalists, usual, score, unrepeated)
    values = report.winning_values(found)
    entry = {
        "why": f"Found by a search that started from {own.about.folder}. "
        + report.describe_verdict(found, score, unrepeated),
        **entry_of_trial(parameters, values, ODQA),
    }
    retrievers = _retriever_of(parameters, values)
    if retrievers:
        entry["retrieval"] = {**entry.get("retrieval", {}), "retrievers": list(retrievers)}
    tables = {"odqa.retrievers": retrievers} if retrievers else {}
    return found, write_tables(
        {**tables, "odqa.experiments": {tuned_name(own.about.folder): entry}}
    )


def _retriever_of(
    parameters: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return a retriever of another name with the values that are one's own settings, if any are.

    The name says the values, so that two of one name are the same.
    """
    before = "odqa.retrievers."
    own = {name.removeprefix(before): value for name, value in values.items()
           if name.startswith(before)}  # fmt: skip
    if not own:
        return {}
    former = next(iter(own)).partition(".")[0]
    said = [f"{name.partition('.')[2]}_{_short(value)}" for name, value in own.items()]
    settings = settings_of_trial(parameters, values, ODQA)["odqa"]["retrievers"][former]
    name = re.sub(r"\W+", "_", "_".join([former, *said]), flags=re.ASCII)
    return {name: {key: value for key, value in settings.items() if value is not None}}


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def draw_search(
    trials: pd.DataFrame, parameters: Mapping[str, Any], tune: OdqaTuneParams, *read: object
) -> tuple[Any, Any, Any, Any]:
    """Draw the study: its history, what mattered, slices, and parallel coordinates."""
    from klue_pipeline.training.tuning import figures

    del read
    logger.info("Drawing %d trials", len(trials))
    own = Parameters.model_validate(as_written(parameters)).odqa
    with naming_settings(_OWN_NAMES):
        study = load_study(tune, _study_of(own))
    drawn = figures.draw_study(study, _score_of(own)[1])
    return drawn["history"], drawn["importance"], drawn["slices"], drawn["parallel"]
