"""The question that may accompany a sentence as the second text of a pair: one function per query.

A new query is one more short function like :func:`question` and one more line in :data:`QUERIES`.
"""

from collections.abc import Callable, Mapping

from klue_pipeline.relation.entities import Entity
from klue_pipeline.text.josa import with_josa

Query = Callable[[Entity, Entity, Mapping[str, str]], str | None]
"""Takes subject, object and the words for entity types; None asks nothing."""


def no_query(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> None:  # noqa: ARG001
    """Ask nothing: the sentence stands alone."""
    return


def question(subject: Entity, object_: Entity, type_words: Mapping[str, str]) -> str:  # noqa: ARG001
    """Ask for the relation in plain Korean, with 와 or 과 as the subject's last sound wants it.

    >>> question(Entity("카카오", 0, 3, "ORG"), Entity("김범수", 5, 8, "PER"), {})
    '카카오와 김범수의 관계는 무엇입니까?'
    >>> question(Entity("이순신", 0, 3, "PER"), Entity("수군", 5, 7, "ORG"), {})
    '이순신과 수군의 관계는 무엇입니까?'
    """
    return f"{with_josa(subject.text, '와/과')} {object_.text}의 관계는 무엇입니까?"


QUERIES: dict[str, Query] = {
    "none": no_query,
    "question": question,
}
"""Every query by the name it has in ``input.query``."""
