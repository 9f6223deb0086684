"""Project settings: what differs from Kedro's defaults (https://docs.kedro.org/en/stable)."""

from pathlib import Path

from kedro.utils import find_kedro_project

from klue_pipeline.console import quieten
from klue_pipeline.hooks.lineage import LineageHooks
from klue_pipeline.hooks.node_log import NodeLogHooks
from klue_pipeline.hooks.parameters import ParameterHooks
from klue_pipeline.hooks.run_record import RunRecordHooks
from klue_pipeline.hooks.scratch import ScratchHooks
from klue_pipeline.hooks.tracking import TrackingHooks
from klue_pipeline.runs.dataset_names import folder_name

quieten()

# pluggy calls hooks last registered first, so parameters are resolved before anyone reads them; of
# those that ask to be last (tracking, the run record), the last registered is the last.
HOOKS = (
    NodeLogHooks(),
    TrackingHooks(),
    RunRecordHooks(),
    ScratchHooks(),
    LineageHooks(),
    ParameterHooks(),
)

DISABLE_HOOKS_FOR_PLUGINS: tuple[str, ...] = ("kedro-telemetry",)

if find_kedro_project(Path.cwd()) is None:
    # A packaged project: Kedro-Viz looks for a project to keep statistics in, and warns of none.
    DISABLE_HOOKS_FOR_PLUGINS += ("kedro-viz",)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment says only what differs; nested keys that it does not name stay.
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    "config_patterns": {"mlflow": ["mlflow*"]},
    "custom_resolvers": {"folder_name": folder_name},
}
