"""Nouns guessed anew by a tiny masked language model, and what must hold on any row."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.eda import build_eda
from klue_pipeline.relation.augmentation.methods.fill_mask import NO_GUESS, NO_NOUN, build_fill_mask
from klue_pipeline.relation.augmentation.words.words import free_words
from klue_pipeline.relation.settings.augment_params import EdaParams, FillMaskParams

NOUN_TOKENS = {
    "학교": "NNG", "노래": "NNG", "의원": "NNG", "국회": "NNG", "장군": "NNG", "친구": "NNG",
    "바다": "NNG", "서울": "NNP", "부산": "NNP", "이순신": "NNP", "조선": "NNP",
}  # fmt: skip
OTHER_TOKENS = [
    "은", "이", "매우", "갔", "ㅋㅋ", "a", "李", ".", "“", "”", "##의", "##은", "##는", "##을",
    "##에서", "##학교", "##의원", "##다",
]  # fmt: skip


@pytest.fixture(scope="module")
def language_model_folder(make_language_model):
    """A model of a few Korean words."""
    return make_language_model([*NOUN_TOKENS, *OTHER_TOKENS])


@pytest.fixture(scope="module")
def params(settings_of, language_model_folder):
    def make(**changes):
        own = {
            "model": str(language_model_folder), "mask_share": 0.2, "top_k": 3, "batch_size": 4,
            "device": "cpu", **changes,
        }  # fmt: skip
        return FillMaskParams(**settings_of(**own))

    return make


@pytest.fixture(scope="module")
def fill(params, make_context):
    def run(rows, context=None, seed=0, **changes):
        context = context or make_context("fill_mask", originals=rows, seed=seed)
        return list(build_fill_mask(params(**changes), context)(rows))

    return run


def test_nouns_are_guessed_and_particles_follow(fill, mark, make_language_model):
    folder = make_language_model([*NOUN_TOKENS, *OTHER_TOKENS], {"바다": 50.0})
    row = mark("[[이순신]]의 장군은 매우 큰 <<조선>> 의원을 만들었다.")
    (new,) = fill([row], mask_share=0.9, top_k=1, model=str(folder))
    assert new.sentence == "이순신의 바다는 매우 큰 조선 바다를 만들었다."


def test_the_share_counts_words_that_have_no_noun_too(fill, mark):
    row = mark("[[이순신]]의 장군은 매우 크게 <<조선>> 의원을 만들었고 학교도 친구도 보았다.")
    for mask_share, changed in ((0.01, 1), (0.25, 2), (0.6, 4)):
        (new,) = fill([row], mask_share=mask_share)
        pairs = zip(new.sentence.split(), row.sentence.split(), strict=True)
        assert sum(a != b for a, b in pairs) == changed


def test_likelier_words_come_more_often(fill, mark):
    """The tiny model likes 바다 best, then 국회 and 친구."""
    rows = [mark("[[이순신]]의 장군도 <<조선>>", row_id=str(number)) for number in range(300)]
    counts = Counter(new.sentence.split()[1] for new in fill(rows))
    assert set(counts) == {"바다도", "국회도", "친구도"}
    assert counts["바다도"] > counts["국회도"] > counts["친구도"] > 0


def test_rows_that_cannot_change_are_counted(fill, mark, make_context):
    rows = [
        mark("[[이순신]]은 <<조선>>에서 매우 컸다.", row_id="1"),
        mark("[[서울]]과 <<부산>>과 이순신과", row_id="2"),
    ]
    context = make_context("fill_mask", originals=rows)
    # 조선 is the only proper noun left to guess.
    assert [new.sentence for new in fill(rows, context=context)] == ["서울과 부산과 조선과"]
    assert context.skipped == {NO_NOUN: 1}


def test_rows_whose_noun_cannot_be_guessed_are_counted(fill, mark, make_context, load_common):
    row = mark("[[노래]]와 <<바다>>의 이순신은")
    context = make_context("fill_mask", originals=[row])
    assert fill([row], context=context, model=str(load_common)) == []
    assert context.skipped == {NO_GUESS: 1}


@pytest.fixture(scope="module")
def load_common(make_language_model):
    """A model that knows no proper noun."""
    return make_language_model(["노래", "바다", "##와", "##의"])


@settings(deadline=None, max_examples=60)
@given(data=st.data(), mask_share=st.sampled_from([0.2, 0.9]))
def test_random_rows_stay_sound(data, examples, filled, assert_sound, mask_share):
    row = data.draw(examples)
    for new in filled[mask_share]([row]):
        assert_sound(new, row)
        assert (new.subject.text, new.object.text) == (row.subject.text, row.object.text)
        assert new.label == row.label
        assert _bound_words(new) == _bound_words(row)
        assert len(free_words(new)) == len(free_words(row))
        assert "[MASK]" not in new.sentence
        assert re.findall(r"\s+", new.sentence) == re.findall(r"\s+", row.sentence)


@pytest.fixture(scope="module")
def filled(params, make_context):
    """The method by its share, loaded once."""
    return {
        share: build_fill_mask(params(mask_share=share), make_context("fill_mask"))
        for share in (0.2, 0.9)
    }


def _bound_words(row):
    """What stands in the words that an entity touches, from blank to blank."""
    free = {place for word in free_words(row) for place in range(word.start_char, word.end_char)}
    bound = "".join(" " if n in free else letter for n, letter in enumerate(row.sentence))
    return bound.split()


@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_neither_chunks_nor_order_matter(data, example_lists, params, make_context, assert_stable):
    rows = data.draw(example_lists)
    assert_stable(build_fill_mask, params(mask_share=0.5), rows, make_context)


def test_eda_takes_the_same_guesses_for_common_nouns_only(
    settings_of, make_context, mark, language_model_folder
):
    own = {
        "alpha": 0.9, "operations": ["synonym", "insert"], "synonyms": "model", "copies": 20,
        "model": str(language_model_folder),
    }  # fmt: skip
    row = mark("[[이순신]]의 장군은 <<조선>> 서울에서 컸다.")
    made = build_eda(EdaParams(**settings_of(**own)), make_context("eda"))([row])
    sentences = {new.sentence for new in made}
    assert all("서울에서" in sentence for sentence in sentences)
    assert "이순신의 바다는 조선 서울에서 컸다." in sentences
    assert any(re.search(r"(바다|국회|친구) .*장군은", sentence) for sentence in sentences)


def test_a_model_is_wanted(params, make_context):
    with pytest.raises(ValueError, match=r"augment\.fill_mask\.model is not set"):
        build_fill_mask(params(model=None), make_context("fill_mask"))
