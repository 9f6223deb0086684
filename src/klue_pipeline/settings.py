"""Project settings: what differs from Kedro's defaults (https://docs.kedro.org/en/stable)."""

from pathlib import Path

from kedro.utils import find_kedro_project

from klue_pipeline.console import quieten
from klue_pipeline.hooks.lineage import LineageHooks
from klue_pipeline.hooks.node_log import NodeLogHooks
from klue_pipeline.hooks.parameters import ParameterHooks
from klue_pipeline.hooks.partial_runs import PartialRunHooks
from klue_pipeline.hooks.preconditions import PreconditionHooks
from klue_pipeline.hooks.remote import RemoteHooks
from klue_pipeline.hooks.run_end import RunEndHooks
from klue_pipeline.hooks.run_record import RunRecordHooks
from klue_pipeline.hooks.scratch import ScratchHooks
from klue_pipeline.hooks.tracking import TrackingHooks
from klue_pipeline.hooks.weights import WeightsHooks
from klue_pipeline.passwords import hide_in_logs
from klue_pipeline.runs.configuration import ConfigurationLoader
from klue_pipeline.runs.dataset_names import folder_name

quieten()
hide_in_logs()

# pluggy calls hooks last registered first: parameters are resolved before anyone reads them, and a
# run that cannot be is refused before lineage makes room for it. What is in a bucket is fetched
# before all that (tryfirst). Weights go before lineage lets the next run in. Of those that ask to
# be last (tracking, the run record), the last registered is the last.
HOOKS = (
    RunEndHooks(),
    NodeLogHooks(),
    RemoteHooks(),
    TrackingHooks(),
    RunRecordHooks(),
    ScratchHooks(),
    LineageHooks(),
    WeightsHooks(),
    PreconditionHooks(),
    PartialRunHooks(),
    ParameterHooks(),
)

# kedro-mlflow, where it is installed, would track every run a second time, and stop commands for
# lack of its own mlflow.yml.
DISABLE_HOOKS_FOR_PLUGINS: tuple[str, ...] = ("kedro-telemetry", "kedro_mlflow")

if find_kedro_project(Path.cwd()) is None:
    # A packaged project: Kedro-Viz looks for a project to keep statistics in, and warns of none.
    DISABLE_HOOKS_FOR_PLUGINS += ("kedro-viz",)

CONFIG_LOADER_CLASS = ConfigurationLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment says only what differs; nested keys that it does not name stay.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "tracking": "soft"},
    "config_patterns": {"tracking": ["tracking*"]},
    "custom_resolvers": {"folder_name": folder_name},
}
