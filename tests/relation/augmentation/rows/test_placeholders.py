"""Codes for entities: into a sentence, and back to entities wherever they ended up."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.rows.placeholders import (
    FILE_PLACEHOLDERS,
    Placeholders,
    UnusableTextError,
    choose_placeholders,
    protect_entities,
    restore_entities,
)

CODES = Placeholders("E1", "E2")
LOOK_ALIKES = ["E1", "e2", "Ｅ１", "E 1", "E\t 2", "X1", "ｘ2", "Q1", "Z2", "E3", "[S]", "[ o ]"]


def squeeze(text):
    """Leave out what rewording may change: blanks, and how a letter is composed."""
    return "".join(unicodedata.normalize("NFC", text).split())


@settings(deadline=None)
@given(data=st.data())
def test_entities_come_back_from_their_codes(examples, data):
    row = data.draw(examples)
    codes = choose_placeholders(row.sentence)
    restored = restore_entities(row, protect_entities(row, codes), codes, or_words=False)
    restored.require_words_at_spans()
    assert squeeze(restored.sentence) == squeeze(row.sentence)
    for role in ("subject", "object"):
        former, new = getattr(row, role), getattr(restored, role)
        assert (new.text, new.type) == (former.text, former.type)
        before = squeeze(row.sentence[: former.start_char])
        assert squeeze(restored.sentence[: new.start_char]) == before
    assert (restored.label, restored.fold_key) == (row.label, row.fold_key)


@settings(deadline=None)
@given(data=st.data())
def test_entities_change_places_with_their_codes(examples, data):
    """A rewording that mentions the second entity first."""
    row = data.draw(examples)
    codes = choose_placeholders(row.sentence)
    first, second = sorted(codes, key=protect_entities(row, codes).index)
    before, _, rest = protect_entities(row, codes).partition(first)
    between, _, after = rest.partition(second)
    restored = restore_entities(
        row, f"{before}{second}{between}{first}{after}", codes, or_words=False
    )
    restored.require_words_at_spans()
    assert [entity.text for entity in restored.entities] == [e.text for e in row.entities][::-1]
    assert [entity.type for entity in restored.entities] == [e.type for e in row.entities][::-1]


@settings(deadline=None)
@given(pieces=st.lists(st.sampled_from([*LOOK_ALIKES, "가", " ", "1", "E", "("]), max_size=12))
def test_codes_are_chosen_that_nothing_in_the_sentence_looks_like(pieces, mark):
    row = mark(f"{''.join(pieces)}[[이순신]]은{''.join(pieces[::-1])}<<수군>>{''.join(pieces)}")
    codes = choose_placeholders(row.sentence)
    sent = protect_entities(row, codes)
    for code in codes:
        assert code not in row.sentence
        assert sent.count(code) == 1
    restored = restore_entities(row, sent, codes, or_words=False)
    assert squeeze(restored.sentence) == squeeze(row.sentence)
    with pytest.raises(UnusableTextError, match="subject lost"):
        restore_entities(row, row.sentence, codes, or_words=False)


def test_all_letters_taken_means_higher_numbers():
    assert choose_placeholders("E1 X2 q1 Ｚ２") == Placeholders("E3", "E4")


def test_codes_stay_apart_from_letters_and_digits(mark):
    row = mark("FC[[서울]]2군은 <<서울>>(")
    assert protect_entities(row, CODES) == "FC E1 2군은 E2("
    assert protect_entities(mark("[[서울]]<<시>>"), CODES) == "E1 E2"
    assert protect_entities(row, FILE_PLACEHOLDERS) == "FC[S]2군은 [O]("


@pytest.mark.parametrize(
    ("marked", "text", "wanted"),
    [
        # codes are known however they are written
        ("[[이순신]]은 <<조선>>의", "E1은 E2의 장수", "[[이순신]]은 <<조선>>의 장수"),
        ("[[이순신]]은 <<조선>>의", "e1은 e2의 장수", "[[이순신]]은 <<조선>>의 장수"),
        ("[[이순신]]은 <<조선>>의", "Ｅ１은 Ｅ２의 장수", "[[이순신]]은 <<조선>>의 장수"),
        ("[[이순신]]은 <<조선>>의", " E 1은\nE  2의 장수 ", "[[이순신]]은 <<조선>>의 장수"),
        # the original tells the particles of Hanja
        ("[[李舜臣]]은 <<朝鮮>>에서", "E1는 E2는 몰랐다. ", "[[李舜臣]]은 <<朝鮮>>는 몰랐다."),
    ],
)
def test_entities_come_where_codes_are(mark, marked, text, wanted):
    assert restore_entities(mark(marked), text, CODES, or_words=False) == mark(wanted)


@pytest.mark.parametrize(
    ("marked", "text", "wanted"),
    [
        # particles take the form that the entity wants
        ("[[이순신]]은 <<서울>>에서", "[S]가 [O]으로 갔다.", "[[이순신]]이 <<서울>>로 갔다."),
        ("[[이순신]]은 <<서울>>에서", "[O]를 떠난 [S]다.", "<<서울>>을 떠난 [[이순신]]이다."),
        ("[[이순신]]은 <<서울>>에서", "[o]는 [s]라는 이", "<<서울>>은 [[이순신]]이라는 이"),
        ("[[이순신]]은 <<서울>>에서", "‘[S]’는 [O]과", "‘[[이순신]]’은 <<서울>>과"),
        ("[[이순신]]은 <<서울>>에서", "[S] 가족은 [O]가족", "[[이순신]] 가족은 <<서울>>가족"),
        ("[[이순신]]은 <<서울>>에서", "[S]은서울[O]", "[[이순신]]은서울<<서울>>"),
        # a second entity is no particle of the first
        ("[[카카오]]<<이>>는", "[S][O] 갔다", "[[카카오]]<<이>> 갔다"),
        # words are found where there are no codes
        ("[[이순신]]은 <<조선>>의 무신", "조선 무신 이순신", "<<조선>> 무신 [[이순신]]"),
        ("[[이순신]]은 <<조선>>의 무신", "[O] 무신 이순신", "<<조선>> 무신 [[이순신]]"),
        ("[[서울]]의 <<서울대>>", "서울대는 서울에", "<<서울대>>는 [[서울]]에"),
        ("[[FC서울]]은 <<서울>>의", "서울에 FC서울이", "<<서울>>에 [[FC서울]]이"),
        ("[[a  b]]와 <<c>>", "c와 a b", "<<c>>와 [[a  b]]"),
        ("[[[S]사]]의 <<수>>", "수는 [S]사에", "<<수>>는 [[[S]사]]에"),
        ("[[서울]]은 <<서울>>이다.", "[O]이 [S]이다.", "<<서울>>이 [[서울]]이다."),
        # decomposed letters are the same words
        (
            "[[이순신]]은 <<조선>>의",
            unicodedata.normalize("NFD", "조선의 이순신"),
            "<<조선>>의 [[이순신]]",
        ),
    ],
)
def test_entities_come_where_codes_or_words_are(mark, marked, text, wanted):
    restored = restore_entities(mark(marked), text, FILE_PLACEHOLDERS, or_words=True)
    assert restored == mark(wanted)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("E2의 장수다.", "subject lost"),
        ("E1은 장수다.", "object lost"),
        ("E1은 E2의 장수 E1다.", "subject more than once"),
        ("E1은 E2와 Ｅ 2의 장수다.", "object more than once"),
        ("E12은 E2의 장수다.", "subject lost"),
        ("AE1은 E2의 장수다.", "subject lost"),
        ("이순신은 E2의 장수다.", "subject lost"),
        ("   ", "no text"),
        ("E1은 [MASK] E2", r"text holds \[MASK\]"),
    ],
)
def test_texts_without_each_code_once_are_refused(mark, text, reason):
    with pytest.raises(UnusableTextError, match=f"^{reason}$"):
        restore_entities(mark("[[이순신]]은 <<조선>>의"), text, CODES, or_words=False)


@pytest.mark.parametrize(
    ("marked", "text", "reason"),
    [
        ("[[이순신]]은 <<조선>>의", "조선의 무신", "subject lost"),
        ("[[이순신]]은 <<조선>>의", "이순신과 그 나라", "object lost"),
        ("[[이순신]]은 <<조선>>의", "이순신은 조선의 이순신", "subject more than once"),
        ("[[이순신]]은 <<조선>>의", "조선의 이순신은 조선에", "object more than once"),
        ("[[이순신]]은 <<조선>>의", "[S]와 [S]와 조선", "subject more than once"),
        ("[[하하]]는 <<조선>>의", "하하하 조선", "subject more than once"),
        ("[[서울]]은 <<서울>>이다.", "서울이 서울이다.", "subject more than once"),
    ],
)
def test_words_must_be_there_once(mark, marked, text, reason):
    with pytest.raises(UnusableTextError, match=f"^{reason}$"):
        restore_entities(mark(marked), text, FILE_PLACEHOLDERS, or_words=True)
