"""The ranked list of suspects, as a table that a reviewer fills in and hands back to cleaning."""

import re

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.cleaning.reviewed_rows import read_decisions
from klue_pipeline.relation.label_audit.confident import Judgement
from klue_pipeline.relation.label_audit.rows import AuditedRows

_MARKS = {"subject": ("[[", "]]"), "object": ("<<", ">>")}
_FORMULA_START = ("=", "+", "-", "@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def tabulate_suspects(
    audited: AuditedRows,
    judgement: Judgement,
    labels: LabelSet,
    max_suspects: int | None,
    reviewed_rows: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List the most suspect rows, worst first.

    Args:
        audited: The audited rows.
        judgement: What confident learning says about them.
        labels: The label set of the task, which a corrected label has to come from.
        max_suspects: Most rows to list; None lists all.
        reviewed_rows: What was decided about rows before, as cleaning reads it, or None.

    Returns:
        One row per suspect:

        - ``rank`` from 1, and ``row_id``;
        - ``sentence`` with the subject in ``[[ ]]`` and the object in ``<< >>``;
        - ``subject_text``, ``subject_type``, ``object_text``, ``object_type``, ``source``;
        - ``given_label`` as it stands in the data, and ``suggested_label``, the likeliest other
          answer of the model (``relation`` may be one if its target is binary);
        - ``self_confidence`` and ``suggested_probability``, 0 to 1, and ``margin``, by how much
          the suggestion is likelier, -1 to 1;
        - ``is_issue``: confident learning holds the label for wrong;
        - ``decision`` for the reviewer: keep, relabel or drop; empty unless decided before;
        - ``new_label``: what it was relabelled to before, else the suggestion if the task has such
          a label, else empty.

        Texts are made safe to open as a spreadsheet, see :func:`make_cell`; ids and labels, which
        cleaning reads back, stay as they are.
    """
    order = judgement.order[:max_suspects]
    rows = audited.rows.iloc[order].reset_index(drop=True)
    texts = ["subject_text", "subject_type", "object_text", "object_type", "source"]
    suggested = [audited.labels.names[label_id] for label_id in judgement.suggested[order]]
    columns = {
        "rank": range(1, len(rows) + 1),
        "row_id": rows["row_id"],
        "sentence": [make_cell(text) for text in mark_entities(rows)],
        **{name: rows[name].map(make_cell, na_action="ignore") for name in texts},
        "given_label": rows["label"],
        "suggested_label": suggested,
        "self_confidence": judgement.self_confidence[order],
        "suggested_probability": judgement.suggested_probability[order],
        "margin": judgement.margin[order],
        "is_issue": judgement.is_issue[order],
        "decision": "",
        "new_label": [name if name in labels.names else "" for name in suggested],
    }
    suspects = pd.DataFrame(columns, index=rows.index)
    return suspects if reviewed_rows is None else _recall_decisions(suspects, reviewed_rows)


def _recall_decisions(suspects: pd.DataFrame, reviewed_rows: pd.DataFrame) -> pd.DataFrame:
    """Fill in what was decided about the suspects before."""
    decided = read_decisions(reviewed_rows).drop_duplicates("row_id").set_index("row_id")
    decision = suspects["row_id"].map(decided["decision"]).astype("str").fillna("")
    earlier_label = suspects["row_id"].map(decided["new_label"])
    new_label = suspects["new_label"].mask(decision == "relabel", earlier_label)
    return suspects.assign(decision=decision, new_label=new_label)


def mark_entities(rows: pd.DataFrame) -> list[str]:
    """Write the sentences of a table of schema ``Sentences`` with both entities marked.

    Returns:
        Sentences with ``[[ ]]`` around the subject and ``<< >>`` around the object.
    """
    spans = [f"{role}_{end}" for role in _MARKS for end in ("start", "end")]
    columns = (rows[name] for name in ["sentence", *spans])
    return [_mark(*values) for values in zip(*columns, strict=True)]


def _mark(
    sentence: str, subject_start: int, subject_end: int, object_start: int, object_end: int
) -> str:
    """Put the marks around both spans, ends exclusive.

    >>> _mark("이순신은 조선의 무신이다.", 0, 3, 5, 7)
    '[[이순신]]은 <<조선>>의 무신이다.'
    """
    spans = {"subject": (subject_start, subject_end), "object": (object_start, object_end)}
    # From the back, so that the places of the other span stay.
    for role, (start, end) in sorted(spans.items(), key=lambda span: span[1], reverse=True):
        opening, closing = _MARKS[role]
        marked = f"{opening}{sentence[start:end]}{closing}"
        sentence = sentence[:start] + marked + sentence[end:]
    return sentence


def make_cell(text: str) -> str:
    r"""Return a text that a spreadsheet shows as text, in one line.

    Excel takes a cell that starts with ``=``, ``+``, ``-`` or ``@`` for a formula, and sentences
    do start so; an apostrophe before it prevents that (as OWASP advises). Line breaks and other
    control characters, which may tear a row of a CSV in two, become blanks.

    >>> make_cell("- 김하늘\n대표"), make_cell("1+1은 2")
    ("'- 김하늘 대표", '1+1은 2')
    """
    line = _CONTROL.sub(" ", text)
    return f"'{line}" if line.lstrip().startswith(_FORMULA_START) else line
