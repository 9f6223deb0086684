"""What Kedro-Viz makes of the catalog and the stages."""

import logging
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog

from klue_pipeline.pipeline_registry import register_pipelines
from klue_pipeline.settings import CONFIG_LOADER_ARGS

CONF = Path(__file__).resolve().parents[2] / "conf"


@pytest.fixture(scope="module")
def drawn():
    """Kedro-Viz's data after it has read the project, as its server does."""
    from kedro_viz.data_access import DataAccessManager
    from kedro_viz.server import populate_data

    loader = OmegaConfigLoader(str(CONF), env="test", **CONFIG_LOADER_ARGS)
    catalog = DataCatalog.from_config(loader["catalog"])
    catalog["parameters"] = loader["parameters"]  # as the context has it
    manager = DataAccessManager()
    populate_data(manager, catalog, register_pipelines(), {})
    return manager


def test_the_first_view_is_one_box_per_stage(drawn):
    from kedro_viz.models.flowchart.model_utils import GraphNodeType

    tree = drawn.create_modular_pipelines_tree_for_registered_pipeline("__default__")
    types = [child.type for child in tree["__root__"].children]
    assert types.count(GraphNodeType.MODULAR_PIPELINE) == 12
    assert GraphNodeType.TASK not in types
    assert {"train.fold_0", "predict.fold_1"} <= tree.keys()


def test_layers_are_drawn_in_every_view(drawn, caplog):
    with caplog.at_level(logging.WARNING):
        layers = {name: drawn.get_sorted_layers_for_registered_pipeline(name)
                  for name in register_pipelines()}  # fmt: skip
    assert all(layers.values())
    assert not caplog.records


def test_every_dataset_answers_a_click(drawn):
    """Kedro-Viz fails on a transcoded name of which no node makes a version."""
    from kedro_viz.models.flowchart.nodes import TranscodedDataNode

    nodes = [node for node in drawn.nodes.as_list() if isinstance(node, TranscodedDataNode)]
    assert nodes
    assert [node.name for node in nodes if node.original_version is None] == []
