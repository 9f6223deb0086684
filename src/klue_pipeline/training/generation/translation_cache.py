"""Translations on disk, so that none is made twice.

One SQLite file for each model and way of using it. SQLite because batches are added one by one in
runs that may be killed or run side by side: a batch is in the file whole or not at all.
"""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from klue_pipeline.training.generation.translation import Translate, Translation

_TABLES = """
CREATE TABLE IF NOT EXISTS about (made_by TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS translations (
    text_hash BLOB PRIMARY KEY, text TEXT NOT NULL, problem TEXT NOT NULL
) WITHOUT ROWID;
"""
_SECONDS_TO_WAIT = 60.0
_HASH_BYTES = 16


@dataclass(frozen=True)
class TranslationCache:
    """What one model made of texts.

    Attributes:
        path: The file; it need not exist yet.
    """

    path: Path

    def read(self, texts: Sequence[str]) -> dict[str, Translation]:
        """Return those of the texts that are known, with what became of them.

        Raises:
            ValueError: The file is no cache.
        """
        query = "SELECT text, problem FROM translations WHERE text_hash = ?"
        with self._connect() as connection:
            found = {text: connection.execute(query, [_hash(text)]).fetchone() for text in texts}
        return {text: Translation(*row) for text, row in found.items() if row}

    def write(self, translations: Mapping[str, Translation]) -> None:
        """Add translations, by text; all of them or, if anything happens, none.

        Raises:
            ValueError: The file is no cache.
        """
        rows = [(_hash(text), *translation) for text, translation in translations.items()]
        with self._connect() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO translations VALUES (?, ?, ?)", rows)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_SECONDS_TO_WAIT)) as connection:
                connection.executescript(_TABLES)
                yield connection
        except sqlite3.DatabaseError as error:
            raise ValueError(
                f"The cached translations in {self.path} cannot be used ({error}). If no other "
                "run is busy with the file and there is room on the disk, remove it; what it held "
                "is translated again."
            ) from error


def open_cache(folder: Path, made_by: Mapping[str, object]) -> TranslationCache:
    """Return the cache of one model in a folder, and note in the file what it is the cache of.

    Args:
        folder: Where caches are; made if it is not there.
        made_by: All that decides a translation besides the text. Another value, another file.

    Raises:
        ValueError: There is a file of that name which is no cache.
    """
    described = json.dumps(made_by, sort_keys=True, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    cache = TranslationCache(folder / f"{_hash(described).hex()}.sqlite")
    with cache._connect() as connection, connection:
        connection.execute("INSERT OR IGNORE INTO about VALUES (?)", [described])
    return cache


def with_cache(translate: Translate, cache: TranslationCache) -> Translate:
    """Let a translator see only texts that the cache does not know, each once.

    Every batch is added to the cache as soon as it is there.
    """

    def translate_the_rest(texts: Sequence[str]) -> Iterator[Mapping[int, Translation]]:
        places = _places_by_text(texts)
        known = cache.read(list(places))
        yield _spread(known, places)
        missing = [text for text in places if text not in known]
        for batch in translate(missing) if missing else ():
            new = {missing[index]: translation for index, translation in batch.items()}
            cache.write(new)
            yield _spread(new, places)

    return translate_the_rest


def _places_by_text(texts: Sequence[str]) -> dict[str, list[int]]:
    places = defaultdict(list)
    for place, text in enumerate(texts):
        places[text].append(place)
    return dict(places)


def _spread(
    translations: Mapping[str, Translation], places: Mapping[str, Sequence[int]]
) -> dict[int, Translation]:
    return {
        place: translation for text, translation in translations.items() for place in places[text]
    }


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).digest()
