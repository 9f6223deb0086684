"""Project settings where there is no project, as in a packaged one."""

import runpy
import subprocess
import sys

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


def test_every_command_reads_the_settings_without_what_only_tables_need():
    code = (
        "import sys, klue_pipeline.settings; "
        "print(*sorted({'numpy', 'pandas', 'pyarrow', 'scipy', 'torch'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""
