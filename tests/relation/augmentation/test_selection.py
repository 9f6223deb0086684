"""Which rows a method starts from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.augmentation.rows.context import AugmentContext, Resources
from klue_pipeline.relation.augmentation.rows.example import read_examples
from klue_pipeline.relation.augmentation.selection import select_origins
from klue_pipeline.relation.settings.augment_params import MethodParams, SelectParams


@pytest.fixture
def context(small_sentences):
    members = pd.DataFrame({"fold": 0, "row_id": small_sentences["row_id"]})
    names = sorted(set(small_sentences["label"]))
    return AugmentContext(
        method="aeda",
        seed=42,
        labels=LabelSet(names=names, negative="no_relation"),
        originals=read_examples(small_sentences, members),
    )


def settings(share=1.0, **select):
    return MethodParams(
        select=SelectParams(**select), share=share, max_rows=None, max_rows_per_label=None, weight=1
    )


def chosen(context, params, earlier=None):
    context = replace(context, resources=Resources(earlier=earlier or {}))
    return sorted(int(row.row_id) for row in select_origins(context, params))


def test_all_rows_without_a_selection(context):
    assert chosen(context, settings()) == list(range(24))


def test_labels_and_type_pairs(context):
    assert chosen(context, settings(labels=["per:spouse", "per:title"])) == [7, 8, 11, 12]
    assert chosen(context, settings(types=["PER:ORG"])) == [14, 15, 19]
    assert chosen(context, settings(labels=["no_relation"], types=["PER:ORG"])) == [19]


def test_share_is_drawn_row_by_row(context):
    half = chosen(context, settings(share=0.5))
    fewer = replace(context, originals=context.originals[:12])
    assert 0 < len(half) < 24
    assert chosen(fewer, settings(share=0.5)) == [row for row in half if row < 12]
    assert set(chosen(context, settings(share=0.2))) < set(half)


def test_order_does_not_depend_on_the_order_of_the_table(context):
    turned = replace(context, originals=context.originals[::-1])
    assert select_origins(turned, settings()) == select_origins(context, settings())


def test_other_seed_or_method_draws_otherwise(context):
    params = settings(share=0.5)
    seeded = replace(context, seed=7)
    other = replace(context, method="eda")
    drawn = [chosen(each, params) for each in (context, seeded, other)]
    assert drawn[0] != drawn[1]
    assert drawn[0] != drawn[2]


def test_rows_that_spell_the_mask_are_counted_out(small_sentences, context):
    small_sentences.loc[20, "sentence"] = small_sentences["sentence"][20] + " [MASK]"
    members = pd.DataFrame({"fold": 0, "row_id": small_sentences["row_id"]})
    with_mask = AugmentContext("aeda", 42, context.labels, read_examples(small_sentences, members))
    assert 20 not in chosen(with_mask, settings())
    assert with_mask.skipped == {"the sentence spells [MASK]": 1}


def scores_of(context, wrong, rows=24, labels=None):
    labels = labels or context.labels.names
    gold = [context.labels.names.index(row.label) for row in context.originals[:rows]]
    logits = np.zeros((rows, len(labels)), dtype=np.float32)
    logits[np.arange(rows), gold] = 1
    logits[wrong] = np.roll(logits[wrong], 1, axis=1)
    ids = np.array([row.row_id for row in context.originals[:rows]], dtype=object)
    return ScoreTable(ids[::-1], logits[::-1], tuple(labels), np.zeros(rows, dtype=np.int64))


def test_only_mistakes_of_an_earlier_experiment(context):
    earlier = {"rbert": scores_of(context, [3, 9, 16])}
    assert chosen(context, settings(mistakes_of="rbert"), earlier) == [3, 9, 16]
    both = settings(mistakes_of="rbert", labels=["no_relation"])
    assert chosen(context, both, earlier) == [16]


def test_scores_that_do_not_fit_are_refused(context):
    params = settings(mistakes_of="rbert")
    with pytest.raises(ValueError, match=r"no out-of-fold score of 4 rows, among them \['20'"):
        chosen(context, params, {"rbert": scores_of(context, [3], rows=20)})
    other = scores_of(context, [3], labels=[*context.labels.names, "per:x"])
    with pytest.raises(ValueError, match="scores for 12 labels, the task has 11"):
        chosen(context, params, {"rbert": other})


def test_names_that_no_row_has_are_refused(context):
    with pytest.raises(ValueError, match=r"augment.aeda.select.labels has \['per:spous'\]"):
        chosen(context, settings(labels=["per:spous"]))
    with pytest.raises(ValueError, match=r"select.types has \['PER-ORG'\]; there are ORG:DAT"):
        chosen(context, settings(types=["PER-ORG"]))
