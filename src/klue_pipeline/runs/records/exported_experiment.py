"""What a bundle tells of its experiment, whatever the task."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from klue_pipeline.base_settings import AboutParams, Settings
from klue_pipeline.runs.records.run_records import RunRecord
from klue_pipeline.version import __version__


def describe_experiment(
    about: AboutParams, settings: Mapping[str, Settings], run_record: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the fields of an ``ExperimentDescription`` but for its metrics.

    Args:
        about: Which experiment it is.
        settings: Its resolved settings, by group; fields that it does not read are left out.
        run_record: That of its latest run, which names the run that made it; None without one.
    """
    read = {
        name: group.model_dump(mode="json", exclude=set(group.unread_fields()))
        for name, group in settings.items()
    }
    return {
        **about.model_dump(),
        "settings": read,
        "code_version": __version__,
        "created_at": datetime.now(UTC).replace(microsecond=0),
        **_trace_run(run_record),
    }


def _trace_run(run_record: Mapping[str, Any] | None) -> dict[str, str | None]:
    """Name the run that made the results, where it left a record."""
    if run_record is None:
        return {}
    record = RunRecord.model_validate(run_record)
    run_id = None if record.maker.mlflow is None else record.maker.mlflow.run_id
    return {"mlflow_run_id": run_id, "git_commit": record.maker.git_commit}
