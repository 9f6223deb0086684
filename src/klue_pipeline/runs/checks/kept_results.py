"""What a run may keep of the results on disk, and what has to go before it begins.

Kedro's ``--only-missing-outputs`` and partial runs only look whether a file exists. Here it is
compared what made it: everything that a run would keep or read must come from the settings of this
run, else the run is refused, naming the setting that differs.
"""

import logging
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from kedro.pipeline import Pipeline

from klue_pipeline.runs.checks.changed_results import Commands, require_unchanged
from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.runs.disk.mirror.sending import send
from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.kept_weights import explain_dropped, find_dropped, find_needed
from klue_pipeline.runs.lineage import differing_fields
from klue_pipeline.runs.remedies import kedro_run
from klue_pipeline.runs.stored_results import StoredResults

logger = logging.getLogger(__name__)

_SCORING = ("train", "compose", "train_reader")
"""Names of the nodes that make what a fold is for."""

_SHOWN_FIELDS = 5
_store = OriginStore()


def make_room(
    results: StoredResults, pipeline: Pipeline, commands: Commands, *, resumed: bool
) -> None:
    """Refuse a run that would mix results of different settings; else remove what it makes anew.

    Args:
        results: The experiment on disk.
        pipeline: What this run makes.
        commands: What is named as a remedy.
        resumed: Whether it skips what is there (``--only-missing-outputs``).

    Raises:
        ValueError: Something on disk was made by other settings, or is no longer what was saved;
            the message names it, and nothing was changed.
    """
    obsolete = results.find_obsolete()
    kept = _untouched(results.whole, pipeline) - (obsolete - _read_by(results.whole, pipeline))
    own = {name for name in kept if not results.is_latest(name)}
    again = kedro_run(commands.run_params, pipelines=results.task.job)
    _require_same_origin(results, own, again, resumed=False)
    to_renew = _reasons_to_renew(results, pipeline, obsolete) if resumed else {}
    skipped = results.on_disk(pipeline.all_outputs()).keys() - to_renew if resumed else set()
    _require_same_origin(results, skipped, again, resumed=True)
    require_unchanged(results, pipeline, skipped, commands)
    _require_weights(results, pipeline, skipped, commands)
    if resumed:
        _remove_what_to_renew(results, to_renew)
    else:
        results.plan(pipeline.all_outputs())
    if _scores_every_fold(results.whole, pipeline):
        _remove_surplus_folds(results)


def _require_weights(
    results: StoredResults, pipeline: Pipeline, skipped: Iterable[str], commands: Commands
) -> None:
    """Refuse to read weights that were dropped; the command that trains them again is named."""
    going_to_run = [node for node in pipeline.nodes if not set(node.outputs) <= set(skipped)]
    made = {name for node in going_to_run for name in node.outputs}
    select_by = results.task.settings_of(results.parameters).training.select_by
    needed = {
        name for node in going_to_run for name in find_needed(node, results.catalog, select_by)
    }
    gone = find_dropped(needed - made, results.catalog)
    if gone:
        makers = [node.name for node in results.whole.nodes if gone & set(node.outputs)]
        again = kedro_run(commands.run_params, nodes=",".join(makers))
        raise ValueError(
            f"This run reads {', '.join(sorted(gone))}, whose weights are gone: "
            f"{explain_dropped(gone, results.catalog)}. Train again, then give the same command "
            f"once more: {again}"
        )


def _require_same_origin(
    results: StoredResults, names: Iterable[str], again: str, *, resumed: bool
) -> None:
    for name, path in results.on_disk(names).items():
        found = _store.read(path)
        if found is None:
            raise ValueError(
                f"{name} was left by a run that was interrupted while saving it. Run again "
                f"with --only-missing-outputs, which makes it anew, or run everything: {again}"
            )
        if fields := differing_fields(found, results.wanted(name)):
            remedy = (
                "Leave out --only-missing-outputs to make everything anew"
                if resumed
                else f"Run the stages that make it too ({again} makes everything anew)"
            )
            raise ValueError(_refusal(name, fields, remedy, own_folder=results.is_own(path)))


def _reasons_to_renew(
    results: StoredResults, pipeline: Pipeline, obsolete: set[str]
) -> dict[str, str]:
    """Say which outputs a resumed run has to make anew, and why; it skips all others on disk."""
    on_disk = results.on_disk(pipeline.all_outputs())
    reasons = {name: results.reason_to_renew(name, obsolete) for name in on_disk}
    return {name: reason for name, reason in reasons.items() if reason}


def _remove_what_to_renew(results: StoredResults, reasons: Mapping[str, str]) -> None:
    for name, path in results.on_disk(reasons).items():
        logger.info("Making %s anew: %s", name, reasons[name])
        _clear(results.catalog.get(name), path)


def _clear(dataset: object, path: Path) -> None:
    """Remove a result; what a person wrote into it is not ours to remove."""
    if expire := getattr(dataset, "expire", None):
        expire()
        _store.remove(path)
        return
    if set_aside := getattr(dataset, "set_aside", None):
        set_aside()
    _remove(path)


def _remove_surplus_folds(results: StoredResults) -> None:
    """Remove what folds left that the split no longer has."""
    n_splits = results.n_splits
    names = filter(parse_fold, results.whole.datasets())
    folders = {path.parent for path in map(results.path_of, names) if path is not None}
    bases = {folder.parent if parse_fold(folder.name) else folder for folder in folders}
    found = {path.name: parse_fold(path.name) for base in bases for path in base.glob("fold_*")}
    surplus = [
        name for name, part in found.items() if part and not part.name and part.fold >= n_splits
    ]
    for path in sorted(base / name for base in bases for name in surplus):
        if path.exists():
            logger.info("Removing %s: folds.n_splits is %d now", path, n_splits)
        _remove(path)  # also what lies in a bucket alone


def _remove(path: Path) -> None:
    _store.remove(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    send(path)


def _untouched(whole: Pipeline, pipeline: Pipeline) -> set[str]:
    """Return what the whole graph makes that neither this run makes nor depends on it."""
    names = [node.name for node in pipeline.nodes if node in whole.nodes]
    touched = whole.from_nodes(*names).all_outputs() if names else set()
    return set(whole.all_outputs() - touched - pipeline.all_outputs())


def _read_by(whole: Pipeline, pipeline: Pipeline) -> set[str]:
    """Return what the nodes of a run read, and everything that was made on the way to it."""
    names = [node.name for node in pipeline.nodes if node in whole.nodes]
    return set(whole.to_nodes(*names).all_outputs()) if names else set()


def _scores_every_fold(whole: Pipeline, pipeline: Pipeline) -> bool:
    parts = {node: parse_fold(node.name) for node in whole.nodes}
    wanted = {node for node, part in parts.items() if part and part.name in _SCORING}
    return wanted <= set(pipeline.nodes)


def _refusal(name: str, fields: list[str], remedy: str, *, own_folder: bool) -> str:
    shown = "\n".join(f"  {field}" for field in fields[:_SHOWN_FIELDS])
    more = len(fields) - _SHOWN_FIELDS
    rest = f"\n  and {more} more" if more > 0 else ""
    way_out = (
        "give this variant its own folder by --params run.name=..., or go back to the former "
        "settings."
        if own_folder
        else "or go back to the former settings. All experiments of a data folder share it, so "
        "run.name does not help; an environment with a data_root of its own does (conf/<name>/"
        "globals.yml)."
    )
    return f"{name} on disk was made with other settings:\n{shown}{rest}\n{remedy}, {way_out}"
