"""Write docs/settings.md: every setting with its default, what is legal and what it means.

Defaults and comments come from ``conf/base``, legal values and docstrings from the settings models.
Run ``python scripts/make_settings_page.py`` after a change of either.
"""

import ast
import inspect
import logging
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from kedro.config import OmegaConfigLoader
from pydantic import BaseModel
from pydantic.fields import FieldInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.settings_comments import as_cell, read_comments

from klue_pipeline.odqa.settings.odqa_params import OdqaEntry, OdqaParams
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.relation.settings.relation_params import ExperimentEntry
from klue_pipeline.runs.parameters import ODQA, RELATION, Parameters
from klue_pipeline.runs.tasks import Task
from klue_pipeline.settings import CONFIG_LOADER_ARGS
from klue_pipeline.text.folder_names import FolderName, VariantName
from klue_pipeline.tracking.tracking_params import TrackingParams

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
BASE = ROOT / "conf" / "base"

INTRODUCTION = """\
<!-- Written by scripts/make_settings_page.py from conf/base and the settings models. -->

# Settings

Every setting with its default, its legal values and its meaning. To change one:

- for one run: `kedro run --params training.epochs=2,folds.n_splits=5`;
- for all runs without `--env`: a file in `conf/local/`, which git ignores;
- for an environment: a file in `conf/<environment>/`, read by `--env <environment>`;
- for one experiment: its entry in the lab book, see [experiments](experiments.md).

In files, the groups {groups} stand under `experiment_defaults`.

An unknown or misspelt name stops the run and lists similar names. In the tables, "klue:" marks a
default that `conf/klue` changes, and – marks a setting that `conf/base` leaves out.
"""
PATTERNS = {
    r"^(auto|cpu|cuda(:\d+)?|mps)$": "`auto`, `cpu`, `cuda`, `cuda:1`, …, `mps`",
}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
PLAIN = {
    str: "text", int: "integer", float: "number", bool: "`true`, `false`", Any: "any",
    FolderName: "text", VariantName: "letters, digits, `_`, `.`, `+`, `-`",
}  # fmt: skip
NAMES = {"auto", "null", "false", "true"}
"""Words at the beginning of a sentence that stay as they are."""
TOP = 2
"""Level of a group's heading."""
INLINE_FIELDS = 3
"""A group of at most this many settings needs no section of its own."""


# --- models ---------------------------------------------------------------------------------------


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the string below each field of a model and of those it is derived from."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, BaseModel) or base is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(body, ast.ClassDef)  # noqa: S101 - what a model's source is
        for field, below in zip(body.body, body.body[1:], strict=False):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(text))):
                    found[name] = " ".join(text.split())
    return found


def legal_values(field: FieldInfo) -> str:
    """Say what a field may be, in words for a table."""
    text = _words(field.annotation)
    if pattern := next((p for m in field.metadata if (p := getattr(m, "pattern", None))), None):
        text = text.replace(PLAIN[str], PATTERNS[pattern])
    base, null, _ = text.partition(" or `null`")
    return f"{base} {_limits(field.metadata)}".strip() + null


def _limits(bounds: Iterable[Any]) -> str:
    return " and ".join(
        f"{sign} {getattr(bound, name):.10g}"
        for bound in bounds
        for name, sign in BOUNDS.items()
        if hasattr(bound, name)
    )


def _words(annotation: Any) -> str:
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if get_origin(annotation) in (Union, UnionType):
        parts = [_words(part) for part in arguments if part is not NoneType]
        joined = (", " if all(part.startswith("`") for part in parts) else " or ").join(parts)
        return joined + (" or `null`" if NoneType in arguments else "")
    if get_origin(annotation) is list:
        return f"list of {_words(arguments[0])}"
    if get_origin(annotation) is dict:
        return f"mapping to {_words(arguments[1])}"
    if get_origin(annotation) is Annotated and annotation not in PLAIN:
        bounds = [bound for each in arguments[1:] for bound in each.metadata]
        return f"{_words(arguments[0])} {_limits(bounds)}"
    return PLAIN.get(annotation) or f"`{annotation.__name__}`"


# --- page -----------------------------------------------------------------------------------------


def make_page() -> str:
    """Return the page."""
    groups = ", ".join(f"`{group}`" for group in RELATION.groups)
    parts = [INTRODUCTION.format(groups=groups), *_Writer().sections()]
    return "\n".join(parts)


class _Writer:
    """What all sections are written from."""

    def __init__(self) -> None:
        self.above: dict[str, list[str]] = {}
        self.behind: dict[str, str] = {}
        self.files: dict[str, str] = {}
        for path in sorted(BASE.glob("*.yml")):
            if path.name.startswith(("parameters", "globals", "tracking")):
                self._add_comments(path)
        self.base = _configured(None)
        self.klue = _configured("klue")

    def _add_comments(self, path: Path) -> None:
        above, behind = read_comments(path.read_text(encoding="utf-8"))
        prefix = "mlflow." if path.name == "tracking.yml" else ""
        for name in above:
            place = f"{prefix}{name}".removeprefix("experiment_defaults.")
            place = place.replace("odqa.experiment_defaults.", "odqa.")
            if above[name] or place not in self.above:
                self.above[place] = above[name]
                self.files[place] = path.name
            self.behind[place] = behind[name] or self.behind.get(place, "")

    def sections(self) -> Iterator[str]:
        """Yield the sections, groups of an experiment first."""
        yield "## Run\n"
        yield from self._table([("experiment", Parameters, "experiment"), *self._below("run")])
        yield (
            "`data_root` in `globals.yml` is the folder of an environment's data; it stands in "
            "files only.\n"
        )
        fields = Parameters.model_fields
        skipped = {"experiment", "kind", "members", "about", "run", "experiment_defaults", "odqa"}
        order = ["raw", *RELATION.groups, *fields]
        for name in dict.fromkeys(order):
            if name == "experiments":
                yield from self._entry("experiments", ExperimentEntry, RELATION)
            elif name not in skipped:
                yield from self._section(name, _model_of(name, fields[name]), level=TOP)
        yield from self._odqa()

    def _odqa(self) -> Iterator[str]:
        """Yield the sections of open-domain QA, whose settings stand below ``odqa``."""
        yield "## odqa\n"
        yield "Settings of open-domain QA; relation extraction reads none of them.\n"
        alone = ("experiment", "questions")
        yield from self._table([(ODQA.path(name), OdqaParams, name) for name in alone])
        fields = OdqaParams.model_fields
        for name in dict.fromkeys(["raw", *ODQA.groups, *fields]):
            place = ODQA.path(name)
            if name == "experiments":
                yield from self._entry(place, OdqaEntry, ODQA)
            elif name == "retrievers":
                yield from self._section(f"{place}.<name>", RetrieverParams, level=TOP + 1)
            elif name not in {*alone, "about", "experiment_defaults"}:
                yield from self._section(place, _model_of(name, fields[name]), level=TOP + 1)

    def _section(self, name: str, model: type[BaseModel] | None, level: int) -> Iterator[str]:
        yield f"{'#' * level} {name}\n"
        if model is None:
            yield from self._table([(name, Parameters, name)])
            return
        about = as_cell(self.above.get(name, [])) or _markdown(inspect.getdoc(model) or "")
        yield _sentence(about) + "\n"
        if name in self.files and level == TOP + name.startswith("odqa."):
            yield f"File: `conf/base/{self.files[name]}`\n"
        own, apart = [], []
        for field, info in model.model_fields.items():
            below = _model_of(field, info)
            if below and len(below.model_fields) > INLINE_FIELDS:
                apart.append((f"{name}.{field}", below))
            elif below:
                own += [(f"{name}.{field}.{each}", below, each) for each in below.model_fields]
            else:
                own.append((f"{name}.{field}", model, field))
        yield from self._table(own)
        for place, below in apart:
            yield from self._section(place, below, level + 1)

    def _below(self, name: str) -> list[tuple[str, type[BaseModel], str]]:
        model = _model_of(name, Parameters.model_fields[name])
        return [(f"{name}.{field}", model, field) for field in model.model_fields] if model else []

    def _table(self, rows: list[tuple[str, type[BaseModel], str]]) -> Iterator[str]:
        if not rows:
            return
        yield "| setting | default | legal | meaning |\n|---|---|---|---|"
        for place, model, field in rows:
            info = model.model_fields[field]
            cells = [
                f"`{place}`",
                self._default(place),
                legal_values(info),
                self.meaning(place, model, field),
            ]
            yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield ""

    def meaning(self, place: str, model: type[BaseModel], field: str) -> str:
        """Say what a setting means: comments above it, else its docstring, else the one behind."""
        docstring = _markdown(field_docstrings(model).get(field, ""))
        text = as_cell(self.above.get(place, [])) or docstring or self.behind.get(place, "")
        return _sentence(text)

    def _default(self, place: str) -> str:
        base, klue = _look_up(self.base, place), _look_up(self.klue, place)
        return _shown(base) if klue in (base, ...) else f"{_shown(base)}<br>klue: {_shown(klue)}"

    def _entry(self, name: str, entry: type[BaseModel], task: Task[Any]) -> Iterator[str]:
        yield f"{'#' * (TOP + name.count('.'))} {name}\n"
        yield f"{inspect.getdoc(entry)} See [experiments](experiments.md).\n"
        yield "| in an entry | legal | meaning |\n|---|---|---|"
        for field, info in entry.model_fields.items():
            anchor = task.path(field).replace(".", "")
            group = (
                f"What differs from [`{task.path(field)}`](#{anchor}) of the defaults."
                if field in task.groups
                else ""
            )
            meaning = _markdown(field_docstrings(entry).get(field, group))
            legal = "settings of the group" if group else legal_values(info)
            yield f"| `{field}` | {legal} | {_sentence(meaning)} |"
        yield ""


def _configured(env: str | None) -> dict[str, Any]:
    arguments = {**CONFIG_LOADER_ARGS, "base_env": "base", "default_run_env": "base"}
    loader = OmegaConfigLoader(str(ROOT / "conf"), env=env, **arguments)
    parameters = loader["parameters"]
    tracking = yaml.safe_load((BASE / "tracking.yml").read_text(encoding="utf-8"))
    odqa = {**parameters["odqa"], **parameters["odqa"]["experiment_defaults"]}
    usual = {"odqa": odqa, "mlflow": tracking}
    return {**parameters, **parameters["experiment_defaults"], **usual}


def _model_of(name: str, field: FieldInfo) -> type[BaseModel] | None:
    if name == "mlflow":
        return TrackingParams
    for annotation in (field.annotation, *get_args(field.annotation)):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return annotation if get_origin(field.annotation) is not dict else None
    return None


def _look_up(parameters: Mapping[str, Any], place: str) -> Any:
    value: Any = parameters
    for part in place.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return ...
        value = value[part]
    return value


def _shown(value: Any) -> str:
    if value is ...:
        return "–"
    if isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values()):
        return ", ".join(f"`{name}`" for name in value)
    if isinstance(value, float):
        return f"`{value:g}`"
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return f"`{text.strip().removesuffix('...').strip()}`"


def _markdown(docstring: str) -> str:
    return re.sub(r"\bNone\b", "`null`", docstring.replace("``", "`"))


def _sentence(text: str) -> str:
    text = _markdown(" ".join(text.split()))
    if not text:
        return ""
    word = text.split()[0].rstrip(",:;")
    if word.isalpha() and word not in NAMES:
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    PAGE.write_text(make_page(), encoding="utf-8")
    logger.info("wrote %s", PAGE)
