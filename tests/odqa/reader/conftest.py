"""Windows as they are encoded, made by hand."""

import pytest


@pytest.fixture(scope="session")
def make_features():
    """Make features of windows in which each token of the passage has two characters.

    A window is named by its example, has ``tokens`` token ids (or so many), and may be given the
    borders of its passage, the tokens it owns, its gold ``spans``, ``first_char`` and the rest.
    """
    import pyarrow as pa

    from klue_pipeline.odqa.encoding.features import SCHEMA, ReaderFeatures

    def make(*windows):
        rows = []
        for window in windows:
            tokens = window["tokens"]
            ids = list(range(1, tokens + 1)) if isinstance(tokens, int) else tokens
            first, after = window.get("passage", (3, len(ids) - 1))
            begin = window.get("first_char", 0) - 2 * first
            chars = [
                begin + 2 * place if first <= place < after else None for place in range(len(ids))
            ]
            spans = window.get("spans", [])
            owned = window.get("owned", (first, after))
            rows.append(
                {
                    "row_id": window["row_id"],
                    "question_id": window.get("question_id", window["row_id"]),
                    "method": window.get("method", "original"),
                    "window": window.get("window", 0),
                    "input_ids": ids,
                    "token_type_ids": [0] * len(ids),
                    "start_chars": [char or 0 for char in chars],
                    "end_chars": [0 if char is None else char + 2 for char in chars],
                    "passage_start": first,
                    "passage_end": after,
                    "owned_start": owned[0],
                    "owned_end": owned[1],
                    "answer_starts": [start for start, _ in spans],
                    "answer_ends": [end for _, end in spans],
                    "has_answer": bool(spans),
                    "length": len(ids),
                }
            )  # fmt: skip
        return ReaderFeatures(pa.Table.from_pylist(rows, SCHEMA), {"rows": "r", "tokenizer": "t"})

    return make
