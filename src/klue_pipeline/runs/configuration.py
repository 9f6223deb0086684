"""The configuration of the project: how it is read, and what is said of a file that cannot be."""

import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

from klue_pipeline.base_settings import merge_settings, suggest
from klue_pipeline.runs.disk.mirror.address import local_folder

_ENDINGS = frozenset({".yml", ".yaml", ".json"})


class ConfigurationLoader(OmegaConfigLoader):
    """Kedro's loader, which names the file that it cannot read, and the folder that is missing."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Read a kind of configuration.

        Raises:
            ValueError: A file is no YAML, in another encoding or of another shape, or data_root is
                no address of a folder.
            MissingConfigException: There is no such environment, or no configuration at all.
        """
        try:
            return _with_local_data(key, super().__getitem__(key))
        except MissingConfigException as error:
            raise MissingConfigException(f"{error}{self._explain_missing()}") from error
        except Exception as error:
            problems = [explain_content(path) for path in files_of(self, key)]
            found = [problem for problem in problems if problem] or explain_shapes(self, key)
            if found:
                raise ValueError("\n".join(found)) from error
            raise

    def _explain_missing(self) -> str:
        source = Path(self.conf_source)
        if not source.exists():
            return (
                f"\nThere is no {source}. Run the command where the project's conf folder is, or "
                "name the folder (or the archive that kedro package made): kedro run --conf-source "
                "<folder>"
            )
        name = self.env or self.default_run_env
        known = [folder.name for folder in source.iterdir() if folder.is_dir()]
        return (
            "" if name in known else f"\nThere is no environment {name!r}. {suggest(name, known)}"
        )


def _with_local_data(key: str, found: dict[str, Any]) -> dict[str, Any]:
    """Let everybody read and write a local folder where ``data_root`` is an address."""
    if key != "globals" or "data_root" not in found:
        return found
    return {**found, "data_root": local_folder(str(found["data_root"]))}


def files_of(loader: OmegaConfigLoader, key: str) -> Iterator[Path]:
    """Yield the files of a kind of configuration, those of the environment last."""
    for name in dict.fromkeys([loader.base_env, loader.env or loader.default_run_env]):
        folder = Path(loader.conf_source) / str(name)
        found = {path for pattern in loader.config_patterns[key] for path in folder.glob(pattern)}
        yield from sorted(path for path in found if path.suffix in _ENDINGS and path.is_file())


def explain_content(path: Path) -> str | None:
    """Say why a file holds no settings; None if it does."""
    try:
        _read(path)
    except UnicodeDecodeError as error:
        problem = (
            f"byte {error.start + 1} is not UTF-8; save it as UTF-8, or convert it, for example: "
            f"iconv -f CP949 -t UTF-8 {path.name}"
        )
    except yaml.YAMLError as error:
        problem = _explain_yaml(error)
    except (OSError, TypeError) as error:
        problem = str(error)
    else:
        return None
    return f"{path} cannot be read: {problem}"


def explain_shapes(loader: OmegaConfigLoader, key: str) -> list[str]:
    """Say which files hold something else where files before them hold settings by name."""
    problems: list[str] = []
    known: dict[str, Any] = {}
    for path in files_of(loader, key):
        content = _read(path)
        problems += [
            f"{path}: {name}: found {value!r}; name: value for each of its settings was wanted"
            for name, value in _clashes(known, content, "")
        ]
        known = merge_settings(known, content)
    return problems


def _clashes(known: Any, found: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(known, Mapping) and isinstance(found, Mapping):
        for key in known.keys() & found.keys():
            yield from _clashes(known[key], found[key], f"{name}.{key}".lstrip("."))
    elif isinstance(known, Mapping) and found is not None:
        yield name, found


def _read(path: Path) -> dict[str, Any]:
    content = OmegaConf.load(io.StringIO(path.read_bytes().decode("utf-8")))
    if not isinstance(content, DictConfig):
        raise TypeError("it holds a list; settings were wanted, as name: value")
    settings: Any = OmegaConf.to_container(content)
    return dict(settings)


def _explain_yaml(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"line {mark.line + 1}: " if mark else ""
    remedy = "; indent with blanks, not with tabs" if "\\t" in str(problem) else ""
    return f"{place}{problem or ' '.join(str(error).split())}{remedy}"


def project_path() -> Path:
    """Return the folder of the project around the working directory."""
    from kedro.utils import find_kedro_project

    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def read_configuration(
    env: str | None = None,
    conf_source: str | None = None,
    runtime: Mapping[str, Any] | None = None,
) -> Any:
    """Return what reads ``conf/``.

    Args:
        env: The environment; None for the one that ``KEDRO_ENV`` names, or Kedro's own choice.
        conf_source: Where the environments are; None for the folder ``conf`` of the project.
        runtime: The settings of a command line; none by default.
    """
    from kedro.framework.project import settings

    return ConfigurationLoader(
        conf_source=conf_source or str(project_path() / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        runtime_params=dict(runtime or {}),
        **settings.CONFIG_LOADER_ARGS,
    )
