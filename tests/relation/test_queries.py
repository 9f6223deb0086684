"""Queries: exact strings with the particle that fits."""

import pytest

from klue_pipeline.relation.entities import Entity
from klue_pipeline.relation.params import InputParams
from klue_pipeline.relation.queries import QUERIES


def ask(name, subject, object_):
    entities = [Entity(word, 0, len(word), "PER") for word in (subject, object_)]
    return QUERIES[name](*entities, {"PER": "사람"})


@pytest.mark.parametrize(
    ("subject", "object_", "wanted"),
    [
        ("카카오", "김범수", "카카오와 김범수의 관계는 무엇입니까?"),
        ("이순신", "수군", "이순신과 수군의 관계는 무엇입니까?"),
        ("서울", "한강", "서울과 한강의 관계는 무엇입니까?"),
        ("《토지》", "박경리", "《토지》와 박경리의 관계는 무엇입니까?"),
        ("2021", "SM", "2021과 SM의 관계는 무엇입니까?"),
        ("@사람#", "^", "@사람#과 ^의 관계는 무엇입니까?"),
        ("😀", "鄭海仁", "😀와 鄭海仁의 관계는 무엇입니까?"),
    ],
)
def test_question_inflects_the_particle_after_the_subject(subject, object_, wanted):
    assert ask("question", subject, object_) == wanted


def test_none_asks_nothing():
    assert ask("none", "이순신", "수군") is None


def test_settings_offer_exactly_the_queries_there_are():
    offered = InputParams.model_json_schema()["properties"]["query"]["enum"]
    assert sorted(offered) == sorted(QUERIES)
