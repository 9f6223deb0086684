"""The tokenizer of a run: trained on its own texts for an encoder from scratch, loaded otherwise.

Only fast tokenizers (those of the ``tokenizers`` library) are used, because entity positions are
read off their character offsets. Code shipped inside a model repository is never executed.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, cast

from klue_pipeline.training.params import EncoderParams, ScratchEncoderParams

logger = logging.getLogger(__name__)

_PAD, _UNKNOWN, _CLS, _SEP, _MASK = _SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
_VOCABULARY_SUFFIXES = (".model", ".spm", ".vocab", ".tiktoken")
_SHARE_OF_CHARACTERS = 3
"""At most one in three tokens of a trained vocabulary is a single character at a word's start."""


class Tokenizer(Protocol):
    """What this project asks of a fast tokenizer of ``transformers``.

    Stands in signatures, so that naming the type does not import ``transformers``.
    """

    @property
    def is_fast(self) -> bool:
        """Whether it can tell the character offsets of its tokens."""
        ...

    @property
    def backend_tokenizer(self) -> Any:
        """The tokenizer of the ``tokenizers`` library inside."""
        ...

    @property
    def sep_token_id(self) -> int | None:
        """The id of the token between two texts, or None."""
        ...

    @property
    def unk_token_id(self) -> int | None:
        """The id of the token for what the vocabulary cannot spell, or None."""
        ...

    @property
    def pad_token_id(self) -> int | None:
        """The id of the token that fills short rows up, or None."""
        ...

    @property
    def mask_token_id(self) -> int | None:
        """The id of the token that stands for a hidden word, or None."""
        ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Encode one text, one pair or a list of texts."""
        ...

    def __len__(self) -> int:
        """Return the number of tokens, special and added ones included."""
        ...

    def get_added_vocab(self) -> dict[str, int]:
        """Return the ids of the tokens that are matched whole, special ones among them."""
        ...

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Add tokens that are not there yet and return their number."""
        ...

    def save_pretrained(self, save_directory: str) -> Any:
        """Write the tokenizer's files into a folder."""
        ...


def prepare_tokenizer(
    encoder: EncoderParams, texts: Iterable[str], special_tokens: Iterable[str] = ()
) -> Tokenizer:
    """Return the tokenizer that belongs to an encoder, with the special tokens of a run.

    Args:
        encoder: Which encoder; a folder in ``encoder.name`` is taken as it is, so resolve it
            against the project's root before.
        texts: What a tokenizer for an encoder from scratch learns from; of any other, the first
            of what it has to spell.
        special_tokens: Tokens of the input format, such as ``<subj>``.

    Raises:
        OSError: Nothing can be loaded from ``encoder.name``.
        ValueError: The encoder or the tokenizer found there cannot be used, they do not belong
            together, the tokenizer cannot spell the texts, or the sizes for an encoder from scratch
            are missing.
    """
    tokenizer = TOKENIZER_SOURCES.get(encoder.name, _load_for)(encoder, texts)
    add_special_tokens(tokenizer, special_tokens)
    return tokenizer


def add_special_tokens(tokenizer: Tokenizer, special_tokens: Iterable[str]) -> None:
    """Add special tokens behind a tokenizer's own, in their order; those it has stay as they are.

    Args:
        tokenizer: A fast tokenizer; it is changed.
        special_tokens: Tokens that are never cut into pieces.
    """
    from tokenizers import AddedToken

    tokens = [AddedToken(token, special=True, normalized=False) for token in special_tokens]
    added = tokenizer.add_tokens(tokens, special_tokens=True)
    if added:
        logger.info("Added %d special tokens to the tokenizer.", added)


def _train_for(encoder: EncoderParams, texts: Iterable[str]) -> Tokenizer:
    scratch = cast(ScratchEncoderParams, encoder.scratch)
    tokenizer = train_tokenizer(texts, scratch.vocabulary_size, scratch.max_positions)
    logger.info("Trained a tokenizer of %d tokens.", len(tokenizer))
    return tokenizer


def _load_for(encoder: EncoderParams, texts: Iterable[str]) -> Tokenizer:
    from klue_pipeline.training.loading.tokenizer_fit import require_fit, require_spelling

    tokenizer = load_tokenizer(encoder.name, encoder.revision)
    require_fit(cast(Any, tokenizer), encoder)
    require_spelling(cast(Any, tokenizer), encoder.name, texts)
    return tokenizer


TOKENIZER_SOURCES: dict[str, Callable[[EncoderParams, Iterable[str]], Tokenizer]] = {
    "scratch": _train_for,
}
"""How to come by a tokenizer, by ``encoder.name``; any other name is a folder or a hub id."""


def load_tokenizer(
    name: str, revision: str | None = None, setting: str = "encoder.name"
) -> Tokenizer:
    """Load the fast tokenizer of a model folder or of a model on the hub.

    Args:
        name: A folder, or a model id such as ``klue/roberta-large``.
        revision: Commit, tag or branch on the hub.
        setting: What the name was given by, for messages.

    Raises:
        OSError: There is no such folder, or the hub cannot deliver.
        ValueError: There is no usable fast tokenizer in it.
    """
    from transformers import AutoTokenizer

    from klue_pipeline.training.loading.encoder_files import names_folder

    if names_folder(name) and not Path(name).is_dir():
        raise OSError(f"There is no folder {name!r}; set {setting} to a folder or a hub id.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name, revision=revision, use_fast=True, trust_remote_code=False
        )
    except OSError as error:
        raise OSError(
            f"No tokenizer could be loaded from {name!r} (revision {revision or 'default'}): "
            f"{_first_line(error)} Check {setting}, and without a network give a folder that "
            "holds the model's files."
        ) from error
    except Exception as error:  # tokenizers raises bare Exception for a file it cannot read
        raise ValueError(
            f"The tokenizer of {name!r} cannot be used: {_first_line(error)} A model with a "
            "tokenizer.json that needs no code of its own is wanted."
        ) from error
    _require_fast(tokenizer, name)
    require_vocabulary(name, setting)
    return tokenizer


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _require_fast(tokenizer: Any, name: str) -> None:
    if not tokenizer.is_fast:
        raise ValueError(
            f"The tokenizer of {name!r} ({type(tokenizer).__name__}) is a slow one; a fast one is "
            "wanted, because entities are located by character offsets. Choose a model with a "
            "tokenizer.json."
        )


def require_vocabulary(name: str, setting: str) -> None:
    """Refuse a folder without one: Transformers makes up a tokenizer that knows no word.

    Raises:
        ValueError: Naming what is wanted.
    """
    folder = Path(name)
    if folder.is_dir() and not any(
        path.name in _VOCABULARIES or path.suffix in _VOCABULARY_SUFFIXES
        for path in folder.iterdir()
    ):
        raise ValueError(
            f"The tokenizer of {name!r} cannot be used: the folder holds no vocabulary "
            f"({', '.join(_VOCABULARIES)}), so that every word would be unknown. Copy the "
            f"tokenizer's files of the same model beside its config.json, or set {setting} to a "
            "folder that has them."
        )


def train_tokenizer(texts: Iterable[str], vocabulary_size: int, max_tokens: int = 512) -> Tokenizer:
    """Train a WordPiece tokenizer shaped like a cased BERT's.

    The same texts give the same tokenizer in every process. Characters that are too rare for the
    vocabulary make their word unknown.

    Args:
        texts: What to learn from.
        vocabulary_size: Most tokens to have, the five special ones included; few or short texts
            give fewer.
        max_tokens: Longest input of the encoder the tokenizer is for.

    Returns:
        A tokenizer that frames inputs as ``[CLS] A [SEP]`` or ``[CLS] A [SEP] B [SEP]``, with token
        type 1 for the second text and its ``[SEP]``.
    """
    from transformers import PreTrainedTokenizerFast

    backend = _backend({token: index for index, token in enumerate(_SPECIAL)})
    vocabulary = _learn_vocabulary(backend, list(texts), vocabulary_size)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=_backend(vocabulary),
        pad_token=_PAD,
        unk_token=_UNKNOWN,
        cls_token=_CLS,
        sep_token=_SEP,
        mask_token=_MASK,
        model_max_length=max_tokens,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _backend(vocabulary: dict[str, int]) -> Any:
    """Put together BERT's pipeline around a vocabulary; case and accents stay."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    backend = Tokenizer(models.WordPiece(vocabulary, unk_token=_UNKNOWN))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.TemplateProcessing(
        single=f"{_CLS} $A {_SEP}",
        pair=f"{_CLS} $A {_SEP} $B:1 {_SEP}:1",
        special_tokens=[(token, vocabulary[token]) for token in (_CLS, _SEP)],
    )
    return backend


def _learn_vocabulary(backend: Any, texts: list[str], vocabulary_size: int) -> dict[str, int]:
    """Learn which pieces make up the words of ``texts``.

    The trainer numbers single characters in the order of a hash map, which differs between
    processes and decides between equally frequent pairs. Naming all of them beforehand fixes it.
    """
    from tokenizers.trainers import WordPieceTrainer

    words = _count_words(backend, texts)
    alphabet = _choose_alphabet(words, vocabulary_size // _SHARE_OF_CHARACTERS)
    inside_words = {character for word in words for character in word[1:]}
    continuing = [f"##{character}" for character in alphabet if character in inside_words]
    trainer = WordPieceTrainer(
        vocab_size=vocabulary_size,
        show_progress=False,
        special_tokens=[*_SPECIAL, *alphabet, *continuing],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
    )
    backend.train_from_iterator(texts, trainer)
    vocabulary: dict[str, int] = backend.get_vocab()
    return vocabulary


def _count_words(backend: Any, texts: list[str]) -> Counter[str]:
    normalise = backend.normalizer.normalize_str
    split = backend.pre_tokenizer.pre_tokenize_str
    return Counter(word for text in texts for word, _ in split(normalise(text)))


def _choose_alphabet(words: Counter[str], size: int) -> list[str]:
    """Return the most frequent characters, ties broken by code point, in order of code points."""
    frequency: Counter[str] = Counter()
    for word, count in words.items():
        for character in word:
            frequency[character] += count
    return sorted(sorted(frequency, key=lambda c: (-frequency[c], c))[:size])
