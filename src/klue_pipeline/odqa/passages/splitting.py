"""Documents -> passages: read one by one, cut, and each text kept once."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from klue_pipeline.odqa.ingest.documents import RawDocument, read_documents
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.odqa.passages.cutting import CUTTERS
from klue_pipeline.odqa.passages.gold import link_gold
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams, PassagesParams
from klue_pipeline.text.blanks import without_blanks
from klue_pipeline.text.records.problems import (
    RowProblem,
    count_reasons,
    require_few_problems,
    require_rows,
    table_problems,
)
from klue_pipeline.text.records.raw_file import RawFile

_DIGEST_BYTES = 16
_WHOLE = "none"
_TYPES = {
    "passage_id": "str",
    "document_id": "str",
    "title": "str",
    "text": "str",
    "start_char": "int64",
}

logger = logging.getLogger(__name__)


class SplitDocuments(NamedTuple):
    """What became of documents.

    Attributes:
        passages: A table of schema ``Passages``.
        merged: Passages that are equal to an earlier one but for blanks; schema ``MergedPassages``.
        rejected: Documents that cannot be used; schema ``RejectedRows``.
        report: Counts: ``documents`` = ``documents_used`` + ``documents_rejected``, and
            ``passages_cut`` (of documents and of ``contexts_added``) = ``passages`` + ``merged``.
    """

    passages: pd.DataFrame
    merged: pd.DataFrame
    rejected: pd.DataFrame
    report: dict[str, int]


def split_documents(
    documents: RawFile, questions: pd.DataFrame, params: PassagesParams, ingest: OdqaIngestParams
) -> SplitDocuments:
    """Read documents one by one and cut them into passages.

    A passage of a whole document is called after it, others ``<document_id>#<number>``, from 0. Of
    passages that are equal but for blanks the first one stays. With ``add_contexts``, contexts of
    labelled questions whose answers no passage holds are cut likewise, as documents
    ``context_<question_id>``; contexts of test questions are never looked at.

    Args:
        documents: What there is to search.
        questions: Questions of all parts; schema ``Questions``.
        params: How to cut.
        ingest: How many documents may be unusable.

    Raises:
        ValueError: The file is broken, no document or too few can be used.
    """
    intake = _Intake(documents)
    corpus = _Corpus()
    corpus.cut(intake, params)
    intake.require_usable(ingest.max_rejected_share)
    contexts = _missing_contexts(questions, corpus.table()) if params.add_contexts else []
    corpus.cut(contexts, params)
    report = {
        "documents": intake.n_read,
        "documents_used": intake.n_read - len(intake.problems),
        "documents_rejected": len(intake.problems),
        "contexts_added": len(contexts),
        "passages_cut": len(corpus.rows) + len(corpus.merged),
        "merged": len(corpus.merged),
        "passages": len(corpus.rows),
    }
    logger.info("%s: %s", documents.name, ", ".join(f"{n:,} {key}" for key, n in report.items()))
    merged = pd.DataFrame(corpus.merged, columns=["passage_id", "kept_id"]).astype("str")
    rejected = table_problems(documents.name, intake.problems)
    return SplitDocuments(corpus.table(), merged, rejected, report)


class _Intake:
    """The documents of a file that can be used; notes the others while it is iterated."""

    def __init__(self, documents: RawFile) -> None:
        self._documents = documents
        self.n_read = 0
        self.problems: list[RowProblem] = []

    def __iter__(self) -> Iterator[RawDocument]:
        first: dict[str, int] = {}
        for document in read_documents(self._documents):
            self.n_read += 1
            earlier = first.setdefault(document.row_id, document.row_number)
            if document.problem:
                self.problems.append(RowProblem(document, "unusable text", document.problem))
            elif earlier != document.row_number:
                detail = f"row {earlier} has the same id"
                self.problems.append(RowProblem(document, "duplicate id", detail))
            else:
                yield document

    def require_usable(self, max_share: float) -> None:
        """Stop where too many documents are bad to be an accident, or none is good."""
        name = self._documents.name
        if not self.n_read:
            raise ValueError(f"{name} has no documents; give a file with at least one.")
        n_good = self.n_read - len(self.problems)
        require_rows(name, n_good, self.problems, "call its columns document_id, title and text")
        setting = "odqa.ingest.max_rejected_share"
        require_few_problems(name, self.n_read, self.problems, max_share, setting)
        if self.problems:
            logger.warning(
                "%s: set aside %d documents (%s)",
                name, len(self.problems), count_reasons(self.problems),
            )  # fmt: skip


@dataclass
class _Corpus:
    """Passages as they are cut, each text once."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    merged: list[tuple[str, str]] = field(default_factory=list)
    _kept: dict[bytes, str] = field(default_factory=dict)

    def cut(self, documents: Iterable[RawDocument], params: PassagesParams) -> None:
        """Cut documents into passages, and keep those that are new."""
        for document, spans in CUTTERS[params.name](documents, params):
            for number, span in enumerate(spans):
                is_whole = params.name == _WHOLE
                passage_id = document.row_id if is_whole else f"{document.row_id}#{number}"
                text = document.text[span.start_char : span.end_char]
                row = (passage_id, document.row_id, document.title, text, span.start_char)
                self._keep(passage_id, text, row)

    def _keep(self, passage_id: str, text: str, row: tuple[Any, ...]) -> None:
        digest = hashlib.blake2b(without_blanks(text).encode(), digest_size=_DIGEST_BYTES)
        kept_id = self._kept.setdefault(digest.digest(), passage_id)
        if kept_id == passage_id:
            self.rows.append(row)
        else:
            self.merged.append((passage_id, kept_id))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=list(_TYPES)).astype(_TYPES)


def _missing_contexts(questions: pd.DataFrame, passages: pd.DataFrame) -> list[RawDocument]:
    """Return contexts of labelled questions as documents where no passage holds the answer."""
    gold, _ = link_gold(questions, passages)
    answerable = questions["answers"].map(len) > 0
    linked = questions["question_id"].isin(gold["question_id"])
    missing = questions[answerable & ~linked & (questions["part"] != TEST)]
    unique = missing.drop_duplicates("context")
    return [
        RawDocument(number, f"context_{row.question_id}", _or_nothing(row.title), str(row.context))
        for number, row in enumerate(unique.itertuples(), start=1)
    ]


def _or_nothing(title: Any) -> str:
    return title if isinstance(title, str) else ""
