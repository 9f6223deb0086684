"""Which passages become hard negatives."""

import pandas as pd

from klue_pipeline.odqa.dense.negatives import mine_negatives

PASSAGES = {
    "gold": ("이순신", "이순신은 1545년에 났다."),
    "copy": ("이순신", "이순신은 1545년에 났다"),
    "holds": ("", "임진왜란은 《1545년》의 일이 아니다."),
    "titled": ("1545년", "그해의 일."),
    "wrong": ("수군", "수군은 바다를 지킨다."),
    "deep": ("조선", "조선은 나라다."),
    "latin": ("", "NEW\\nYork"),
}


def test_no_passage_of_the_golds_group_and_none_with_an_answer():
    passages = pd.DataFrame(
        [(name, name, title, text, 0) for name, (title, text) in PASSAGES.items()],
        columns=["passage_id", "document_id", "title", "text", "start_char"],
    )
    groups = pd.DataFrame({"passage_id": list(PASSAGES), "group_id": list(PASSAGES)})
    groups["group_id"] = groups["group_id"].replace("copy", "gold")
    gold = pd.DataFrame({"question_id": ["q", "v", "n"], "passage_id": ["gold", "wrong", "deep"]})
    examples = pd.DataFrame(
        [
            ("q", "train", ["1545년", "일천오백사십오년"]),
            ("v", "validation", ["new york"]),
            ("n", "train", []),
            ("unlinked", "train", ["없음"]),
            ("t", "test", []),
        ],
        columns=["question_id", "part", "answers"],
    )
    ranked = {
        "q": ["copy", "wrong", "holds", "titled", "deep"],
        "v": ["gold", "latin", "wrong", "copy"],
        "n": ["deep", "holds"],
        "unlinked": ["wrong"],
        "t": ["wrong"],
    }
    run = pd.DataFrame(
        [(q, p, rank) for q, found in ranked.items() for rank, p in enumerate(found, 1)],
        columns=["question_id", "passage_id", "rank"],
    )
    found = mine_negatives(run, examples, gold, passages, groups, depth=4)
    assert list(found.itertuples(index=False, name=None)) == [
        ("q", "wrong"), ("v", "gold"), ("v", "copy"), ("n", "holds"),
    ]  # fmt: skip
