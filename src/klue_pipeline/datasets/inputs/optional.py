"""A file that a run can do without: a table of the user's, or what an earlier run may have left."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.datasets.inputs.files import resolve_path
from klue_pipeline.datasets.local import ReadOnlyDataset


class OptionalDataset(ReadOnlyDataset[Any]):
    """Another dataset where there is a file, None where there is none.

    Example in a catalog::

        reviewed_rows:
          type: klue_pipeline.datasets.inputs.optional.OptionalDataset
          dataset: {type: klue_pipeline.datasets.csv_table.UserTableDataset}
          filepath: ${runtime_params:raw.reviewed_rows,${globals:raw.reviewed_rows,null}}
          setting: raw.reviewed_rows

    Args:
        dataset: The catalog entry of what reads the file, without its ``filepath``.
        filepath: A path, absolute or relative to the project; None for no file.
        setting: What ``filepath`` came from; messages name it. A file that the user names has to be
            there.
        made_by: Instead, the pipeline that makes the file; it is None until that was run.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(
        self,
        *,
        dataset: dict[str, Any],
        filepath: str | None,
        setting: str = "",
        made_by: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._dataset = dataset
        self._filepath = _path(filepath) if filepath else None
        self._setting = setting
        self._made_by = made_by
        self._required = made_by is None
        self.metadata = metadata

    def load(self) -> Any:
        """Read the file, if there is one.

        Raises:
            DatasetError: A file that was named is not there, or cannot be read.
        """
        path = self._filepath
        if path is None or not (path.is_file() or self._required):
            return None
        remedy = (
            f"Give another file with --params {self._setting}=<file>, or null for none."
            if self._required
            else f"Copy it again, or make it again with kedro run --pipelines {self._made_by}."
        )
        if not path.is_file():
            found = "is a folder, a file was wanted" if path.is_dir() else "is not there"
            raise DatasetError(f"{path}, given as {self._setting}, {found}. {remedy}")
        try:
            return self._reader(path).load()
        except DatasetError as error:
            reason = error.__cause__ or error
            raise DatasetError(
                f"{path} cannot be read ({type(reason).__name__}: {_in_one_line(reason)}). {remedy}"
            ) from error

    @property
    def is_optional(self) -> bool:
        """Whether a run goes on without the file, wherever it is named."""
        return not self._required

    @property
    def resolved_source(self) -> str | None:
        """The file's absolute path; None where none is given, or wanted and there."""
        if self._filepath is None or not (self._required or self._filepath.is_file()):
            return None
        return str(self._filepath)

    def _reader(self, path: Path) -> AbstractDataset[Any, Any]:
        reader: AbstractDataset[Any, Any] = AbstractDataset.from_config(
            self._setting or "optional", {**self._dataset, "filepath": str(path)}
        )
        return reader

    def _exists(self) -> bool:
        return self._filepath is not None and self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "dataset": self._dataset.get("type")}


def _path(filepath: str) -> Path:
    """Return an absolute path; Kedro has put the project's folder even before a home folder."""
    parts = Path(filepath).parts
    from_home = next((place for place, part in enumerate(parts) if part == "~"), 0)
    return resolve_path(str(Path(*parts[from_home:])))


def _in_one_line(reason: BaseException) -> str:
    return " ".join(str(reason).split()).rstrip(".")
