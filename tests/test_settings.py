"""Project settings where there is no project, as in a packaged one."""

import runpy

import pytest


@pytest.mark.parametrize("is_project", [True, False])
def test_kedro_viz_does_not_look_for_a_project_where_there_is_none(
    tmp_path, monkeypatch, is_project
):
    if is_project:
        (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(tmp_path)
    disabled = runpy.run_module("klue_pipeline.settings")["DISABLE_HOOKS_FOR_PLUGINS"]
    assert ("kedro-viz" in disabled) == (not is_project)
