"""Types that rows lack: said once, and only to models that read them."""

import threading

import pandas as pd
import pytest

from klue_pipeline.relation.inference.type_warnings import TypeWarnings
from klue_pipeline.relation.model.relation_model import RelationConfig
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams

TYPED = {"name": "typed_entity_marker_punct", "query": "none"}
UNTYPED = {"name": "entity_marker", "query": "none"}


def make_config(format_=None, head="cls", types=("LOC", "PER")):
    return RelationConfig(
        labels=("a", "b"), task_labels=("a", "b"), label_counts=(1, 1), max_tokens=64,
        input=InputParams(
            **{"query_position": "after", "type_words": {"PER": "사람"}} | (format_ or TYPED)
        ),
        target=TargetParams(name="all"), head=HeadParams(name=head), entity_types=types,
        legal_labels={}, fingerprint={},
    )  # fmt: skip


def rows(*types, **columns):
    return pd.DataFrame(
        {"subject_type": list(types), "object_type": ["PER"] * len(types)} | columns
    )


@pytest.fixture
def said(caplog):
    caplog.set_level("WARNING")
    return lambda: [record.getMessage() for record in caplog.records]


def test_entities_without_type_are_said_once(said):
    types = TypeWarnings([make_config()])
    types.look_at(rows("PER", "LOC"))
    assert said() == []
    types.look_at(rows("PER", "NONE"))
    types.look_at(rows("NONE", None))
    [message] = said()
    assert "learned with entity types (LOC, PER), but some entities come without one" in message


def test_every_unknown_type_is_said_once(said):
    types = TypeWarnings([make_config(), make_config(types=("PER", "ORG"))])
    types.look_at(rows("NAVY", "NAVY", "ORG"))
    types.look_at(rows("NAVY", "ARMY"))
    assert [message.split(" was ")[0] for message in said()] == [
        "Entity type 'NAVY'",
        "Entity type 'ARMY'",
    ]
    assert "which had LOC, ORG, PER; it is read as an unknown type" in said()[0]
    for number in range(100):  # as a server may be asked
        types.look_at(rows(f"{number}" * 1_000, f"other {number}"))
    assert len(said()) == 50
    assert max(map(len, said())) < 200


@pytest.mark.parametrize(
    ("format_", "head", "reads"),
    [
        (UNTYPED, "cls", False),
        ({"name": "entity_marker_punct", "query": "question"}, "rbert", False),
        (UNTYPED, "type_restricted", True),
        (UNTYPED | {"entity_embedding": "role_and_type"}, "cls", True),
        (UNTYPED | {"entity_embedding": "role"}, "cls", False),
        ({"name": "entity_marker", "query": "typed_description"}, "cls", True),
        ({"name": "entity_mask", "query": "none"}, "cls", True),
        ({"name": "typed_entity_marker", "query": "none"}, "cls", True),
        ({"name": "typed_entity_marker", "query": "none", "type_words": {}}, "cls", False),
    ],
)
def test_only_models_that_read_types_miss_them(said, format_, head, reads):
    TypeWarnings([make_config(format_, head)]).look_at(rows("NONE"))
    assert bool(said()) == reads


@pytest.mark.parametrize("types", [(), ("NONE",)])
def test_a_model_that_learned_without_types_says_once_that_they_are_not_read(said, types):
    warnings = TypeWarnings([make_config(types=types)])
    warnings.look_at(rows("NONE", object_type=["NONE"]))
    assert said() == []
    for _ in range(2):
        warnings.look_at(rows("NONE", "PER"))
    assert said() == ["The model learned without entity types; those that are given are not read."]


def test_rows_with_a_problem_hold_no_types(said):
    types = TypeWarnings([make_config()])
    types.look_at(rows("PER", "NONE", problem=[None, "empty sentence"]))
    assert said() == []
    types.look_at(rows("PER", "NONE", problem=[None, None]))
    assert len(said()) == 1


def test_threads_say_it_once_together(said):
    types = TypeWarnings([make_config()])
    threads = [threading.Thread(target=types.look_at, args=[rows("NONE")]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said()) == 1
