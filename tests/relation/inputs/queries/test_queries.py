"""The table of queries: the same names in every language, and exactly those of the settings."""

from typing import get_args

import pytest

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.queries import QUERIES
from klue_pipeline.relation.settings.params import InputParams, Language


def test_every_language_has_its_queries():
    assert set(QUERIES) == set(get_args(Language))


@pytest.mark.parametrize("language", QUERIES)
def test_settings_offer_exactly_the_queries_there_are(language):
    offered = InputParams.model_json_schema()["properties"]["query"]["enum"]
    assert sorted(offered) == sorted(QUERIES[language])


@pytest.mark.parametrize("language", QUERIES)
def test_none_asks_nothing_and_prompt3_is_the_first_one(language):
    entities = Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG")
    assert QUERIES[language]["none"](*entities, {}) is None
    assert QUERIES[language]["prompt3"] is QUERIES[language]["prompt1"]


@pytest.mark.parametrize("language", QUERIES)
@pytest.mark.parametrize("types", [("PER", "ORG"), ("NONE", "ORG"), ("PER", "NONE")])
def test_every_query_names_both_entities_and_never_the_missing_type(language, types):
    entities = Entity("이순신", 0, 3, types[0]), Entity("수군", 5, 7, types[1])
    for name in set(QUERIES[language]) - {"none"}:
        asked = QUERIES[language][name](*entities, {})
        text = getattr(asked, "text", asked)
        assert "이순신" in text, name
        assert "수군" in text, name
        assert "NONE" not in text, name
