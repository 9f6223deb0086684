"""All that a fold reads: the same whatever the order, the batches and the chunks."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.answering.schema import FoldCandidates
from klue_pipeline.odqa.reader import fold_reading
from klue_pipeline.odqa.reader.fold_reading import FoldReading
from klue_pipeline.odqa.reader.reading_plan import plan_reading
from klue_pipeline.odqa.reader.window_reading import SpanRules

N_BEST, MAX_ANSWER_TOKENS = 12, 30
QUESTION_IDS = pd.Series(["q3", "q7", "q9"])


@pytest.fixture(scope="module")
def run(tiny_passages):
    """Seven passages of each question, of which five are read."""
    chance = np.random.default_rng(0)
    rows = [
        (question_id, passage_id, rank)
        for question_id in QUESTION_IDS
        for rank, passage_id in enumerate(chance.permutation(tiny_passages["passage_id"])[:7], 1)
    ]
    return pd.DataFrame(rows, columns=["question_id", "passage_id", "rank"])


@pytest.fixture(scope="module")
def reading(reader_folder, run, tiny_questions, tiny_passages, reader_training):
    """Read with some changes: the tables of all chunks."""

    def read(how="separate", passages=tiny_passages, run=run, **training):
        gold = pd.DataFrame({"question_id": ["q7"], "passage_id": ["p7"]})
        found = FoldReading(
            reader_folder,
            plan_reading(QUESTION_IDS, run, gold, 5, how),
            tiny_questions.set_index("question_id")["question"],
            passages.set_index("passage_id")["text"],
            reader_training(**training),
            SpanRules("logits", MAX_ANSWER_TOKENS, N_BEST),
        )
        return [FoldCandidates.validate(table, lazy=True) for table in found]

    return read


@pytest.fixture(scope="module")
def separate(reading):
    """What is read passage by passage, in one chunk."""
    (table,) = reading()
    return table


def test_each_passage_is_read_alone(separate, run, tiny_passages):
    texts = tiny_passages.set_index("passage_id")["text"]
    for row in separate.itertuples():
        assert row.text == texts[row.passage_id][row.start_char : row.end_char]
    wanted = run.loc[run["rank"] <= 5, ["question_id", "passage_id"]]
    read = separate[["question_id", "passage_id"]].drop_duplicates()
    assert list(read["question_id"].drop_duplicates()) == QUESTION_IDS.tolist()
    extra = set(read.itertuples(index=False)) - set(wanted.itertuples(index=False))
    assert {tuple(row) for row in extra} <= {("q7", "p7")}
    assert len(read) == len(wanted) + len(extra)
    pairs = separate.groupby(["question_id", "passage_id"], sort=False)
    assert pairs["logit"].agg(lambda logits: logits.is_monotonic_decreasing).all()
    totals = pairs["passage_log_total"]
    assert (totals.min() == totals.max()).all()
    assert (separate["logit"] <= separate["passage_log_total"]).all()
    # Rows of a pair are adjacent.
    assert (separate.index == pairs.ngroup().sort_values(kind="stable").index).all()


@pytest.mark.parametrize("how", ["separate", "joined"])
def test_neither_order_nor_batches_nor_chunks_change_an_answer(
    reading, run, tiny_passages, monkeypatch, how
):
    (wanted,) = reading(how)
    monkeypatch.setattr(fold_reading, "CHUNK_CHARACTERS", 30)
    tables = reading(
        how,
        passages=tiny_passages.sample(frac=1, random_state=1),
        run=run.sample(frac=1, random_state=1),
        evaluation_batch_size=1,
    )
    assert len(tables) > 1
    found = pd.concat(tables, ignore_index=True)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-4, atol=1e-4)


def test_joined_passages_are_one_text_in_which_spans_may_cross(reading, run, tiny_passages):
    (table,) = reading("joined")
    texts = tiny_passages.set_index("passage_id")["text"]
    joined = table[table["is_joined"]]
    totals = joined.groupby("question_id")["passage_log_total"]
    assert (totals.min() == totals.max()).all()
    assert (joined.groupby("question_id").size() == N_BEST).all()
    lengths = joined["passage_id"].map(texts.str.len())
    assert (joined["start_char"] < lengths).all()
    assert (joined["end_char"] > lengths).any(), "no span crosses: choose another seed"
    for question_id, rows in joined.groupby("question_id"):
        ranked = run.loc[(run["question_id"] == question_id) & (run["rank"] <= 5), "passage_id"]
        read = [text + " " for text in texts.loc[ranked]]
        for row in rows.itertuples():
            start = sum(map(len, read[: ranked.tolist().index(row.passage_id)])) + row.start_char
            assert "".join(read)[start:][: row.end_char - row.start_char] == row.text
    alone = table[~table["is_joined"]]
    assert set(alone["question_id"] + alone["passage_id"]) == {"q7p7"}


def test_without_anything_to_read_there_is_a_table_without_rows(reading, run):
    (table,) = reading(run=run.head(0).assign(rank=0), passages=pd.DataFrame(
        {"passage_id": ["p7"], "text": ["\\n  "]}
    ))  # fmt: skip
    assert table.empty


def test_what_goes_wrong_names_the_settings_of_a_reader(reading):
    with pytest.raises(ValueError, match=r"odqa\.training\.device is cuda:9"):
        reading(device="cuda:9")


def test_texts_without_a_character_are_told(reading, run, tiny_passages, caplog):
    blank = tiny_passages.assign(text="\\n ")
    with caplog.at_level("WARNING"):
        (table,) = reading(passages=blank)
    assert table.empty
    assert "of these texts hold" in caplog.text
