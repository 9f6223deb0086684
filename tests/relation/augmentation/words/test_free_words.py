"""Words that no entity touches."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.words.free_words import free_words


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("[[이순신]]은 <<수군>>을 크게 이끌었다.", ["크게", "이끌었다."]),
        ("“[[정 해인]]”은  <<배우>>다 \t 정", ["정"]),
        ("새[[가]]나 그 <<다>>, 라", ["그", "라"]),
        ("[[가]]<<나>>", []),
        ("서울 [[서울]] <<서울>>시 서울", ["서울", "서울"]),
    ],
)
def test_words_by_eye(mark, marked, words):
    row = mark(marked)
    assert [row.sentence[word.start_char : word.end_char] for word in free_words(row)] == words


@settings(deadline=None)
@given(data=st.data())
def test_every_word_is_free_or_shares_characters_with_an_entity(data, examples):
    row = data.draw(examples)
    taken = {
        place for entity in row.entities for place in range(entity.start_char, entity.end_char)
    }
    free = [set(range(word.start_char, word.end_char)) for word in free_words(row)]
    places, cursor = [], 0
    for word in row.sentence.split():
        cursor = row.sentence.index(word, cursor)
        places.append(set(range(cursor, cursor + len(word))))
        cursor += len(word)
    assert free == [word for word in places if not word & taken]
