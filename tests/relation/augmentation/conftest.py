"""Random rows to augment, and what has to hold of whatever a method makes of them.

The strategies come as fixtures, so a test draws from them: ``data.draw(examples)`` with
``@given(data=st.data())``.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.methods import AUGMENTERS
from klue_pipeline.relation.augmentation.rows.context import AugmentContext, Resources
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.settings.augment_params import AugmentParams

CONF = Path(__file__).resolve().parents[3] / "conf/base"
LABEL_SETS = yaml.safe_load((CONF / "parameters_labels.yml").read_text(encoding="utf-8"))
KLUE = LabelSet(**LABEL_SETS["label_sets"]["klue_30"])
LEGACY = LabelSet(**LABEL_SETS["label_sets"]["legacy_42"])
LAB_BOOK = yaml.safe_load((CONF / "parameters_experiments.yml").read_text(encoding="utf-8"))
DEFAULTS = AugmentParams.model_validate(LAB_BOOK["experiment_defaults"]["augment"])
TYPES = ("PER", "ORG", "LOC", "DAT", "POH", "NOH")

WORDS = [
    "이순신", "수군", "이순신의", "서울", "카카오", "대표,", "그는", "값", "한.", "2019년",
    "1,200명", "《토지》를", "“그래!”", "'봄날'", "「한글」", '"네"', "...", "-", "3·1", "(주)다온",
    "BTS와", "鄭海仁", "李舜臣은", "😀", "👨‍👩‍👧", "❤️", "e\u0301", "\u1112\u1161\u11ab글",
    "@", "#", "*", "^",
]  # fmt: skip
BLANKS = [" ", " ", " ", " ", "  ", "\t", "\u3000", "\u00a0", " \n ", "\u200b"]
PARTICLES = [
    "", "은", "는", "이", "가", "을", "과의", "으로", "로부터", "이라는", "다.", "이었다", "씨",
    "(", "》은",
]  # fmt: skip


def _joined(words: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Words with a blank of some kind after each."""
    pairs = st.tuples(words, st.sampled_from(BLANKS)).map("".join)
    return st.lists(pairs, max_size=5).map("".join)


@st.composite
def _example_rows(draw, names=KLUE.names, types=TYPES, fold_keys=((), (0,), (0, 2))) -> Example:
    random_word = st.text(min_size=1, max_size=4).filter(str.strip)
    word = st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), random_word)
    entity = st.one_of(word, st.tuples(word, st.sampled_from(BLANKS), word).map("".join))
    first = draw(entity)
    second = draw(st.one_of(entity, st.just(first)))
    # The rest of the sentence may hold the entities' own words once more.
    rest = _joined(st.one_of(word, word, st.sampled_from([first, second])))
    particle = st.sampled_from(PARTICLES)
    before = draw(rest)
    between = draw(particle) + draw(st.sampled_from(["", " "])) + draw(rest)
    after = draw(particle) + draw(st.sampled_from(["", " "])) + draw(rest)
    start = len(before) + len(first) + len(between)
    entities = [
        Entity(first, len(before), len(before) + len(first), draw(st.sampled_from(types))),
        Entity(second, start, start + len(second), draw(st.sampled_from(types))),
    ]
    subject, object_ = draw(st.permutations(entities))
    return Example(
        row_id=draw(st.text("0123456789abc", min_size=1, max_size=6)),
        sentence=before + first + between + second + after,
        subject=subject,
        object=object_,
        label=draw(st.sampled_from(names)),
        fold_key=draw(st.sampled_from(fold_keys)),
    )


@pytest.fixture(scope="session")
def klue_labels() -> LabelSet:
    """KLUE's 30 labels."""
    return KLUE


@pytest.fixture(scope="session")
def legacy_labels() -> LabelSet:
    """The older contest's 42 labels."""
    return LEGACY


@pytest.fixture(scope="session")
def examples() -> st.SearchStrategy[Example]:
    """Rows with emoji, Hanja, quotes, odd and repeated blanks, repeated words, NFD letters;
    entities of one word or two, at any place, next to each other, with a particle or without,
    and with their words elsewhere in the sentence."""
    return _example_rows()


@pytest.fixture(scope="session")
def legacy_examples() -> st.SearchStrategy[Example]:
    """Rows of the older contest: no entity types, Korean labels."""
    return _example_rows(LEGACY.names, types=("NONE",))


@pytest.fixture(scope="session")
def example_lists() -> st.SearchStrategy[list[Example]]:
    """One to six such rows, each with an id of its own, and few enough types, labels and folds
    for some of them to have these in common."""
    names = ["no_relation", "per:spouse", "per:employee_of"]
    row = _example_rows(names, types=("PER", "ORG"), fold_keys=((0,), (1,)))
    return st.lists(row, min_size=1, max_size=6, unique_by=lambda row: row.row_id)


@pytest.fixture(scope="session")
def mark() -> Callable[..., Example]:
    """Read a row in which [[ ]] is around the subject and << >> around the object."""
    return _read_marked


def _read_marked(
    marked: str, label: str = "no_relation", types: str = "PER:ORG", row_id: str = "0", **rest
) -> Example:
    subject_type, object_type = types.split(":")
    subject = _read_entity(marked, r"\[\[(.+?)\]\]", subject_type)
    object_ = _read_entity(marked, r"<<(.+?)>>", object_type)
    return Example(row_id, _unmark(marked), subject, object_, label, **rest)


def _unmark(marked: str) -> str:
    return re.sub(r"\[\[|\]\]|<<|>>", "", marked)


def _read_entity(marked: str, pattern: str, entity_type: str) -> Entity:
    found = re.search(pattern, marked)
    start = len(_unmark(marked[: found.start()]))
    return Entity(found[1], start, start + len(found[1]), entity_type)


@pytest.fixture(scope="session")
def augment() -> Callable[..., tuple[list[Example], Counter[str]]]:
    """Run a method with the lab book's settings, some of them changed: new rows and ``skipped``."""

    def run(
        method: str,
        rows: Sequence[Example],
        *,
        seed: int = 0,
        labels: LabelSet = KLUE,
        originals: Sequence[Example] | None = None,
        chunks: Sequence[Sequence[Example]] | None = None,
        resources: Resources | None = None,
        **changes: object,
    ) -> tuple[list[Example], Counter[str]]:
        default = DEFAULTS.settings_of(method)
        params = type(default).model_validate(default.model_dump() | changes)
        everything = rows if originals is None else originals
        context = AugmentContext(method, seed, labels, everything, resources or Resources())
        make = AUGMENTERS[method](params, context)
        return [new for chunk in chunks or [rows] for new in make(chunk)], context.skipped

    return run


NOUN_TOKENS = {
    "학교": "NNG", "노래": "NNG", "의원": "NNG", "국회": "NNG", "장군": "NNG", "친구": "NNG",
    "바다": "NNG", "서울": "NNP", "부산": "NNP", "이순신": "NNP", "조선": "NNP",
}  # fmt: skip
OTHER_TOKENS = [
    "은", "이", "매우", "갔", "프리미", "그레고", "했다", "통한", "ㅋㅋ", "a", "李",
    ".", "“", "”", "##의", "##은", "##는", "##을", "##에서", "##학교", "##의원", "##다",
]  # fmt: skip
LIKED_TOKENS = {"바다": 7.0, "국회": 5.0, "친구": 4.5, "매우": 9.0, "##은": 9.0, "서울": 3.0}
"""How much likelier the tiny language model finds some tokens, in logits."""


@pytest.fixture(scope="session")
def make_language_model(tmp_path_factory):
    """Save a tiny model of random weights that knows a few words, some of them likelier."""
    import torch
    from transformers import AutoModelForMaskedLM, BertConfig, BertTokenizerFast

    def make(tokens=(*NOUN_TOKENS, *OTHER_TOKENS), liked=LIKED_TOKENS):
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *tokens]
        numbered = {token: number for number, token in enumerate(vocabulary)}
        tokenizer = BertTokenizerFast(vocab=numbered, do_lower_case=False)
        torch.manual_seed(0)
        model = AutoModelForMaskedLM.from_config(
            BertConfig(
                vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2,
                num_attention_heads=2, intermediate_size=16, max_position_embeddings=40,
                initializer_range=0.3,
            )
        )  # fmt: skip
        with torch.no_grad():
            for token, bias in liked.items():
                if token in numbered:
                    model.cls.predictions.bias[numbered[token]] = bias
        folder = tmp_path_factory.mktemp("language_model")
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def noun_tokens() -> dict[str, str]:
    """The nouns that the tiny language model knows, and of which kind each is."""
    return NOUN_TOKENS


@pytest.fixture(scope="session")
def language_model_folder(make_language_model) -> Path:
    """A tiny language model of a few Korean words."""
    return make_language_model()
