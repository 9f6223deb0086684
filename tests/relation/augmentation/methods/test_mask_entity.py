"""Rows with one entity masked: by eye, and properties over random rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.mask_words import build_mask_entity
from klue_pipeline.relation.settings.augment_params import MaskEntityParams


@pytest.fixture(scope="session")
def mask(settings_of, make_context):
    def run(rows, role="subject", seed=0):
        params = MaskEntityParams(**settings_of(role=role))
        return list(build_mask_entity(params, make_context(seed=seed))(rows))

    return run


@pytest.mark.parametrize(
    ("role", "marked", "sentence", "start"),
    [
        ("subject", "[[이순신]]은 <<수군>>을 이끈다.", "[MASK]은 수군을 이끈다.", 0),
        ("object", "[[이순신]]은 <<수군>>을 이끈다.", "이순신은 [MASK]을 이끈다.", 5),
        ("subject", "배우  [[정 해인]](<<鄭海仁>>)", "배우  [MASK](鄭海仁)", 4),
        ("subject", "<<서울>>[[시]] 서울시", "서울[MASK] 서울시", 2),
        ("object", "<<서울>>[[시]] 서울시", "[MASK]시 서울시", 0),
    ],
)
def test_one_entity_becomes_the_mask_and_all_else_stays(mask, mark, role, marked, sentence, start):
    origin = mark(marked, "per:title", "PER:ORG")
    (row,) = mask([origin], role)
    assert row.sentence == sentence
    masked, kept = getattr(row, role), {"subject": row.object, "object": row.subject}[role]
    former = {"subject": origin.object, "object": origin.subject}[role]
    assert (masked.text, masked.start_char, masked.end_char) == ("[MASK]", start, start + 6)
    assert (kept.text, kept.type) == (former.text, former.type)
    assert row.type_pair == "PER:ORG"
    row.require_words_at_spans()


def test_either_draws_for_each_row(mask, mark):
    rows = [mark("[[이순신]]은 <<수군>>을 이끈다.", row_id=str(number)) for number in range(40)]
    masked = [new.subject.text == "[MASK]" for new in mask(rows, "either")]
    assert 10 < sum(masked) < 30
    assert masked == [new.subject.text == "[MASK]" for new in mask(rows, "either")]
    assert masked != [new.subject.text == "[MASK]" for new in mask(rows, "either", seed=1)]


@settings(deadline=None)
@given(data=st.data(), role=st.sampled_from(["subject", "object", "either"]))
def test_random_rows_stay_sound(data, examples, mask, assert_sound, role):
    row = data.draw(examples)
    (new,) = mask([row], role)
    assert_sound(new, row)
    masked = [new.subject.text == "[MASK]", new.object.text == "[MASK]"]
    assert masked in {
        "subject": [[True, False]],
        "object": [[False, True]],
        "either": [[True, False], [False, True]],
    }[role]  # fmt: skip
    was, now = (row.subject, new.subject) if masked[0] else (row.object, new.object)
    assert new.sentence[: now.start_char] == row.sentence[: was.start_char]
    assert new.sentence[now.end_char :] == row.sentence[was.end_char :]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_neither_chunks_nor_order_matter(
    data, example_lists, settings_of, make_context, assert_stable
):
    params = MaskEntityParams(**settings_of(role="either"))
    assert_stable(build_mask_entity, params, data.draw(example_lists), make_context)
