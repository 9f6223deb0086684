"""Labels made wrong on purpose: which, how many, and how well a ranking finds them."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from benchmarks.label_audit import average_precision, describe, flip_labels, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from projects import Project
from sklearn.metrics import average_precision_score

from benchmarks import label_audit
from klue_pipeline.relation.ingest.parsing import RawFile, read_rows
from klue_pipeline.relation.ingest.sentence_table import build_sentences

SHORT = "training.epochs=1,ingest.max_rows=120"
NAMES = ["no_relation", "a", "b", "per:title"]
ROWS = pd.DataFrame(
    {
        "row_id": [str(number) for number in range(4000)],
        "label": [NAMES[number % 2] for number in range(4000)],
    }
)


def changed_ids(share, seed):
    flipped = flip_labels(ROWS, NAMES, share, seed)
    return set(ROWS["row_id"][flipped["label"] != ROWS["label"]])


def test_about_the_share_gets_another_label_each_as_likely():
    flipped = flip_labels(ROWS, NAMES, 0.2, seed=1)["label"]
    # 800 of 4,000 are expected; five standard deviations are 126.
    assert abs((flipped != ROWS["label"]).sum() - 800) < 126
    for former in ("no_relation", "a"):
        new = Counter(flipped[ROWS["label"] == former])
        del new[former]
        assert set(new) == set(NAMES) - {former}
        assert max(new.values()) - min(new.values()) < 85  # of about 133, five standard deviations


def test_a_row_fares_the_same_among_any_others():
    whole = flip_labels(ROWS, NAMES, 0.2, seed=1)["label"]
    part = ROWS.sample(500, random_state=3)
    assert flip_labels(part, NAMES, 0.2, seed=1)["label"].tolist() == whole[part.index].tolist()


def test_another_seed_flips_others_and_a_larger_share_flips_more_of_the_same():
    assert changed_ids(0.2, 1) != changed_ids(0.2, 2)
    assert changed_ids(0.2, 1) < changed_ids(0.3, 1)


def test_written_rows_are_read_back(small_sentences, tmp_path):
    write_rows(tmp_path / "rows.csv", small_sentences)
    raw = RawFile("rows.csv", (tmp_path / "rows.csv").read_text("utf-8"))
    _, rows = read_rows(raw, "auto")
    rows = list(rows)
    read = build_sentences(rows, [row.label for row in rows])
    columns = [name for name in small_sentences if name != "given_fold"]
    pd.testing.assert_frame_equal(read[columns], small_sentences[columns], check_dtype=False)


@given(st.lists(st.booleans(), min_size=1, max_size=60).filter(any))
@settings(deadline=None)
def test_average_precision_is_that_of_scikit_learn(wrong):
    wanted = average_precision_score(wrong, -np.arange(len(wrong)))
    assert average_precision(wrong) == pytest.approx(wanted)


def test_a_table_by_hand():
    """Wrong are ranks 1, 3 and 10 of 100."""
    is_wrong = np.isin(np.arange(1, 101), [1, 3, 10])
    *_, found, chance = describe(is_wrong).splitlines()
    assert found == "| label audit | 1.00, 0.33 | 0.67, 0.67 | 0.40, 0.67 | 0.66 |"
    assert chance == "| by chance | 0.03, 0.01 | 0.03, 0.03 | 0.03, 0.05 | 0.03 |"


@pytest.mark.slow
def test_it_flips_trains_and_audits(command_server, run_script, monkeypatch):
    """What models of one tiny epoch find means nothing; every audited row is ranked."""

    def fork(command, *, cwd, **_):
        ended = Project(cwd).kedro(*command[3:])
        assert ended.code == 0, ended.console

    monkeypatch.setattr(label_audit, "subprocess", SimpleNamespace(run=fork))
    shown = run_script(label_audit.main, "--env", "test", "--params", SHORT)
    first, _, header, *_ = shown.splitlines()
    assert first == "7 of 120 labels were flipped"
    assert header.startswith("| precision, recall | top 1 % | as many as were flipped | top 5 %")
