"""The request that shows how a model is asked."""

import pytest

from klue_pipeline.relation.inference.model_package import EXAMPLES, tabulate_request


@pytest.mark.parametrize("language", EXAMPLES)
def test_it_asks_the_same_by_offsets_and_by_words_without_types_nobody_knows(language):
    table = tabulate_request(EXAMPLES[language], {"PER", "COMPANY"})
    assert table["subject_type"].tolist() == ["PER", "PER"]
    assert table["object_type"].tolist() == [None, None]
    by_offsets, by_words = table.to_dict("records")
    assert by_offsets["sentence"] == by_words["sentence"]
    for role in ("subject", "object"):
        start, end = by_offsets[f"{role}_start"], by_offsets[f"{role}_end"]
        assert by_offsets["sentence"][start:end] == by_words[role]
        assert by_words["sentence"].count(by_words[role]) == 1
        assert (by_words[f"{role}_start"], by_offsets[role]) == (None, None)
