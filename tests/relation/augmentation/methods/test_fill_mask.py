"""Nouns guessed anew by a tiny masked language model."""

from collections import Counter

import pytest

from klue_pipeline.relation.augmentation.methods.fill_mask import NO_GUESS, NO_NOUN


@pytest.fixture(scope="module")
def fill(augment, language_model_folder):
    def run(rows, model=language_model_folder, **changes):
        settings = {"mask_share": 0.2, "top_k": 3, "batch_size": 4, "device": "cpu", **changes}
        return augment("fill_mask", rows, model=model and str(model), **settings)

    return run


def test_nouns_are_guessed_and_particles_follow(fill, mark, make_language_model):
    folder = make_language_model(liked={"바다": 50.0})
    row = mark("[[이순신]]의 장군은 매우 큰 <<조선>> 의원을 만들었다.")
    (new,), _ = fill([row], mask_share=0.9, top_k=1, model=folder)
    assert new.sentence == "이순신의 바다는 매우 큰 조선 바다를 만들었다."


def test_the_share_counts_words_that_have_no_noun_too(fill, mark):
    row = mark("[[이순신]]의 장군은 매우 크게 <<조선>> 의원을 만들었고 학교도 친구도 보았다.")
    for mask_share, changed in ((0.01, 1), (0.25, 2), (0.6, 4)):
        (new,), _ = fill([row], mask_share=mask_share)
        pairs = zip(new.sentence.split(), row.sentence.split(), strict=True)
        assert sum(a != b for a, b in pairs) == changed


def test_likelier_words_come_more_often(fill, mark):
    """The tiny model likes 바다 best, then 국회 and 친구."""
    rows = [mark("[[이순신]]의 장군도 <<조선>>", row_id=str(number)) for number in range(300)]
    counts = Counter(new.sentence.split()[1] for new in fill(rows)[0])
    assert set(counts) == {"바다도", "국회도", "친구도"}
    assert counts["바다도"] > counts["국회도"] > counts["친구도"] > 0


def test_rows_that_cannot_change_are_counted(fill, mark):
    rows = [
        mark("[[이순신]]은 <<조선>>에서 매우 컸다.", row_id="1"),
        mark("[[서울]]과 <<부산>>과 이순신과", row_id="2"),
    ]
    made, skipped = fill(rows)
    # 조선 is the only proper noun left to guess.
    assert [new.sentence for new in made] == ["서울과 부산과 조선과"]
    assert skipped == {NO_NOUN: 1}


def test_rows_whose_noun_cannot_be_guessed_are_counted(fill, mark, make_language_model):
    knows_no_proper_noun = make_language_model(["노래", "바다", "##와", "##의"])
    row = mark("[[노래]]와 <<바다>>의 이순신은")
    assert fill([row], model=knows_no_proper_noun) == ([], {NO_GUESS: 1})


def test_a_model_is_wanted(fill):
    with pytest.raises(ValueError, match=r"augment\.fill_mask\.model is not set"):
        fill([], model=None)
