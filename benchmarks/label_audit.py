"""Make some labels wrong on purpose, and count how many of them the label audit finds.

The rows are cleaned first, because cleaning takes some wrong labels for contradictions. Both runs
happen in copies of the project, so that no result of yours is touched.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.markdown import write_table

_PROJECT = Path(__file__).parents[1]
_STAGES_TO_AUDIT = "ingest,clean,augment,tokenize,train,label_audit"
_HASH_BYTES = 8


def main() -> None:
    """Clean the rows, flip labels, train and audit; print what was found."""
    arguments = _parse_arguments()
    files = {f"raw.{name}": str(Path(getattr(arguments, name)).resolve()) for name in _FILES}
    with tempfile.TemporaryDirectory() as scratch:
        rows, names = _clean(Path(scratch), files, arguments)
        flipped = flip_labels(rows, names, arguments.share, arguments.seed)
        write_rows(Path(scratch, "flipped.csv"), flipped)
        ranked = _audit(Path(scratch), files, arguments)
    wrong_ids = rows["row_id"][rows["label"] != flipped["label"]]
    is_wrong = ranked.isin(wrong_ids).to_numpy()
    print(f"{is_wrong.sum()} of {len(is_wrong):,} labels were flipped\n")
    print(describe(is_wrong))


_FILES = {"train": "data/01_raw/sample/train.csv", "test": "data/01_raw/sample/test.csv"}


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in _FILES.items():
        parser.add_argument(f"--{name}", default=default, help=f"file of {name} rows")
    parser.add_argument("--share", type=float, default=0.03, help="chance of each row")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--env", default="local", help="environment of Kedro to run in")
    parser.add_argument("--params", default="", help="settings of both runs, as for kedro run")
    return parser.parse_args()


def _clean(
    scratch: Path, files: Mapping[str, str], arguments: argparse.Namespace
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows as they are after cleaning, and the names of the labels."""
    project = _run(scratch / "clean", "ingest,clean", files, arguments)
    (labels,) = project.glob("data/**/labels.json")
    (rows,) = project.glob("data/**/clean_sentences.parquet")
    return pd.read_parquet(rows), json.loads(labels.read_text(encoding="utf-8"))["names"]


def _audit(scratch: Path, files: Mapping[str, str], arguments: argparse.Namespace) -> pd.Series:
    """Train on the flipped labels and return the ids of all audited rows, most suspect first."""
    settings = {
        "raw.train": str(scratch / "flipped.csv"),
        "clean.rules": "[]",
        "label_audit.max_suspects": "null",
    }
    project = _run(scratch / "audit", _STAGES_TO_AUDIT, {**files, **settings}, arguments)
    (suspects,) = project.glob("data/**/label_suspects.csv")
    return pd.read_csv(suspects, dtype={"row_id": "str"})["row_id"]


def _run(
    project: Path, pipelines: str, settings: Mapping[str, str], arguments: argparse.Namespace
) -> Path:
    """Run pipelines in a fresh copy of the project, and return its folder."""
    for name in ("conf", "src"):
        shutil.copytree(_PROJECT / name, project / name)
    shutil.copy(_PROJECT / "pyproject.toml", project)
    settings = {"mlflow.enabled": "false", **settings}
    given = [arguments.params, *(f"{name}={value}" for name, value in settings.items())]
    command = [sys.executable, "-m", "kedro", "run", "--env", arguments.env]
    subprocess.run(  # noqa: S603 - our own command
        [*command, "--pipelines", pipelines, "--params", ",".join(filter(None, given))],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src")},
        stdout=sys.stderr,
        check=True,
    )
    return project


def flip_labels(rows: pd.DataFrame, names: Sequence[str], share: float, seed: int) -> pd.DataFrame:
    """Replace the labels of some rows by others, each as likely as the next.

    Every row is drawn on its own, with ``share`` as its chance, from seed and row id alone: other
    rows and their order change nothing, and the number of flipped rows is only about that share.
    """
    labels = rows["label"].tolist()
    for place, row_id in enumerate(rows["row_id"]):
        number = _draw(seed, row_id)
        if number < share * 2 ** (8 * _HASH_BYTES):
            others = [name for name in names if name != labels[place]]
            labels[place] = others[np.random.default_rng(number).integers(len(others))]
    return rows.assign(label=labels)


def _draw(seed: int, row_id: str) -> int:
    """Return a number below 2 ** 64, drawn for a row."""
    named = f"{seed}\0flip_labels\0{row_id}".encode()
    return int.from_bytes(hashlib.blake2b(named, digest_size=_HASH_BYTES).digest())


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write rows of schema ``Sentences`` as the contest's CSV."""
    records = rows.to_dict("records")
    columns = {
        "id": rows["row_id"],
        "sentence": rows["sentence"],
        "subject_entity": [_write_entity(row, "subject") for row in records],
        "object_entity": [_write_entity(row, "object") for row in records],
        "label": rows["label"],
        "source": rows["source"],
        "fold": rows["given_fold"],
    }
    pd.DataFrame(columns).to_csv(path, index=False)


def _write_entity(row: Mapping[Any, Any], role: str) -> str:
    word, start, end, kind = (row[f"{role}_{part}"] for part in ("text", "start", "end", "type"))
    return str({"word": word, "start_idx": start, "end_idx": end - 1, "type": kind})


def describe(is_wrong: NDArray[np.bool_]) -> str:
    """Write how well a ranking finds wrong labels, as a Markdown table.

    Precision is a lower bound: errors that were in the data before count as false alarms.

    Args:
        is_wrong: Whether a row's label was flipped, the most suspect row first; at least one is.
    """
    n_rows, n_wrong = len(is_wrong), int(is_wrong.sum())
    sizes = [max(1, round(share * n_rows)) for share in (0.01, n_wrong / n_rows, 0.05)]
    hits = [int(is_wrong[:size].sum()) for size in sizes]
    found = [_pair(hit / size, hit / n_wrong) for hit, size in zip(hits, sizes, strict=True)]
    chance = [_pair(n_wrong / n_rows, size / n_rows) for size in sizes]
    return write_table(
        ["precision, recall", "top 1 %", "as many as were flipped", "top 5 %", "average precision"],
        [
            ["label audit", *found, f"{average_precision(is_wrong):.2f}"],
            ["by chance", *chance, f"{n_wrong / n_rows:.2f}"],
        ],
    )


def _pair(precision: float, recall: float) -> str:
    return f"{precision:.2f}, {recall:.2f}"


def average_precision(is_wrong: NDArray[np.bool_] | Sequence[bool]) -> float:
    """Return the mean of the precision at each wrong row of a ranking, 0 to 1.

    >>> average_precision([True, False, True])  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    wrong = np.asarray(is_wrong, dtype=bool)
    precision = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    return float(precision[wrong].mean())


if __name__ == "__main__":
    main()
