"""The tokens of all passages as arrays of numbers, made once for a content and kept on disk.

Titles and texts stand apart, so that one table serves retrievers with and without titles.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import pandas as pd

from klue_pipeline.odqa.settings.retriever_params import TokenizerName
from klue_pipeline.odqa.tokens.token_columns import TokenColumn, join_columns, number_tokens
from klue_pipeline.odqa.tokens.tokenizers import tokenise
from klue_pipeline.training.fingerprint import hash_table
from klue_pipeline.training.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

HEADER_FILE = "tokens.json"
"""Written last: a folder without it is not whole."""
_VOCABULARY_FILE = "vocabulary.json"
_LAYOUT = 1
"""To be raised when a tokenizer, or how tokens are kept, changes."""
_DIGITS = 16


@dataclass(frozen=True)
class TokensOrigin:
    """What tokens were made of.

    Attributes:
        name: The tokenizer.
        tokenizer_hash: Of the encoder's tokenizer; empty where none is asked.
        fingerprint: Of the texts, the tokenizer and its library's version.
    """

    name: TokenizerName
    tokenizer_hash: str
    fingerprint: str


@dataclass(frozen=True, eq=False)
class PassageTokens:
    """The tokens of all passages.

    Attributes:
        origin: What they were made of.
        passage_ids: In the order of the passages.
        vocabulary: Every token; its place is its id.
        titles: Tokens of each passage's title.
        texts: Tokens of each passage itself.
    """

    origin: TokensOrigin
    passage_ids: list[str]
    vocabulary: list[str]
    titles: TokenColumn
    texts: TokenColumn

    def searched(self, *, title: bool | None) -> TokenColumn:
        """Return the tokens that each passage is found by, its title's first if that counts."""
        return join_columns(self.titles, self.texts) if title else self.texts

    def save(self, folder: Path) -> None:
        """Write everything into an empty folder."""
        _write_json(folder / _VOCABULARY_FILE, self.vocabulary)
        self.titles.save(folder, "titles")
        self.texts.save(folder, "texts")
        header = {"layout": _LAYOUT, "origin": vars(self.origin), "passage_ids": self.passage_ids}
        _write_json(folder / HEADER_FILE, header)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a folder; the tokens stay on disk and are read where they are used.

        Raises:
            OSError: A file is not there.
            ValueError: A file is damaged, or was written by another version of this project.
        """
        header: dict[str, Any] = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        if header["layout"] != _LAYOUT:
            raise ValueError(f"{folder} was written by another version; make the tokens again")
        return cls(
            TokensOrigin(**header["origin"]),
            header["passage_ids"],
            json.loads((folder / _VOCABULARY_FILE).read_text(encoding="utf-8")),
            TokenColumn.load(folder, "titles"),
            TokenColumn.load(folder, "texts"),
        )


def tokenise_passages(
    passages: pd.DataFrame,
    name: TokenizerName,
    cache_folder: Path,
    tokenizer: Tokenizer | None = None,
) -> PassageTokens:
    """Return the tokens of all passages, from ``cache_folder`` if it holds those of this content.

    Tokens of another content by the same tokenizer are removed there. New ones are written beside
    their place and renamed, so that a killed process leaves nothing that looks whole.

    Args:
        passages: With ``passage_id``, ``title`` and ``text``.
        name: The tokenizer.
        cache_folder: Where tokens are kept; may not exist yet.
        tokenizer: The encoder's, for ``wordpiece``.

    Raises:
        ValueError: ``wordpiece`` without a tokenizer.
    """
    origin = _origin(passages, name, tokenizer)
    folder = cache_folder / name / origin.fingerprint[:_DIGITS]
    if folder.is_dir():
        try:
            return PassageTokens.load(folder)
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read (%s); its tokens are made again", folder, error)
    _store(_tokenise(passages, origin, tokenizer), folder)
    return PassageTokens.load(folder)


def hash_tokenizer(name: TokenizerName, tokenizer: Tokenizer | None) -> str:
    """Return a hash of all that decides how ``wordpiece`` takes a text apart, else nothing."""
    if name != "wordpiece" or tokenizer is None:
        return ""
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    content.update(truncation=None, padding=None)  # state of the last call
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _origin(
    passages: pd.DataFrame, name: TokenizerName, tokenizer: Tokenizer | None
) -> TokensOrigin:
    tokenizer_hash = hash_tokenizer(name, tokenizer)
    library = version("kiwipiepy") if name.startswith("kiwi") else ""
    texts = hash_table(passages, ["passage_id", "title", "text"])
    made_of = json.dumps([_LAYOUT, name, library, tokenizer_hash, texts])
    return TokensOrigin(name, tokenizer_hash, hashlib.sha256(made_of.encode()).hexdigest())


def _tokenise(
    passages: pd.DataFrame, origin: TokensOrigin, tokenizer: Tokenizer | None
) -> PassageTokens:
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    titles, texts = (
        number_tokens(tokenise(passages[column], origin.name, tokenizer), ids.__getitem__)
        for column in ("title", "text")
    )
    count = len(titles.token_ids) + len(texts.token_ids)
    logger.info("Took %d passages apart: %d tokens (%s)", len(passages), count, origin.name)
    return PassageTokens(origin, passages["passage_id"].tolist(), list(ids), titles, texts)


def _store(tokens: PassageTokens, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as beside:
        partial = Path(beside) / folder.name
        partial.mkdir()
        tokens.save(partial)
        for former in folder.parent.glob("[0-9a-f]" * _DIGITS):
            logger.info("Removing the tokens of other passages in %s", former)
            shutil.rmtree(former, ignore_errors=True)
        partial.rename(folder)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
