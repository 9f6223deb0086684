"""Translations on disk: there for the next run, whole or not at all."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klue_pipeline.training.generation.translation import Translation, translate_by_way_of
from klue_pipeline.training.generation.translation_cache import open_cache, with_cache

MADE_BY = {"model": "ko-ja", "num_beams": 4}


class Reverser:
    """Translates by writing backwards, two texts at a time, and remembers what it was given."""

    def __init__(self, fail_at=None):
        self.seen = []
        self.fail_at = fail_at

    def __call__(self, texts):
        for start in range(0, len(texts), 2):
            if self.fail_at == start:
                raise KeyboardInterrupt
            batch = texts[start : start + 2]
            self.seen += batch
            yield {start + i: Translation(text[::-1]) for i, text in enumerate(batch)}


def translate(folder, texts, reverser=None, made_by=MADE_BY):
    step = with_cache(reverser or Reverser(), open_cache(folder, made_by))
    return [translation.text for translation in translate_by_way_of([step], texts)]


def test_nothing_is_translated_twice(tmp_path):
    first, second = Reverser(), Reverser()
    assert translate(tmp_path, ["가나", "다라", "가나"], first) == ["나가", "라다", "나가"]
    assert first.seen == ["가나", "다라"]
    assert translate(tmp_path, ["다라", "마바", "가나"], second) == ["라다", "바마", "나가"]
    assert second.seen == ["마바"]


def test_problems_are_kept_too(tmp_path):
    cache = open_cache(tmp_path, MADE_BY)
    cache.write({"가": Translation("", "too long")})
    assert open_cache(tmp_path, MADE_BY).read(["가", "나"]) == {"가": Translation("", "too long")}


@pytest.mark.parametrize("changed", [{"model": "ko-en"}, {"num_beams": 1}])
def test_another_way_of_translating_starts_anew(tmp_path, changed):
    translate(tmp_path, ["가나"])
    reverser = Reverser()
    translate(tmp_path, ["가나"], reverser, {**MADE_BY, **changed})
    assert reverser.seen == ["가나"]
    assert len(list(tmp_path.glob("*.sqlite"))) == 2


def test_the_file_says_what_it_is_the_cache_of(tmp_path):
    open_cache(tmp_path, MADE_BY)
    path = open_cache(tmp_path, MADE_BY).path
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT made_by FROM about").fetchall() == [
            ('{"model": "ko-ja", "num_beams": 4}',)
        ]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(st.text(max_size=6)))
def test_any_text_comes_back_as_it_was(tmp_path, texts):
    """One folder for all examples, so that most texts come from the cache."""
    reversed_texts = [text[::-1] for text in texts]
    assert translate(tmp_path, texts) == reversed_texts
    assert translate(tmp_path, texts, Reverser(fail_at=0)) == reversed_texts


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        translate(tmp_path, ["가나", "다라", "마바"], Reverser(fail_at=2))
    second = Reverser()
    assert translate(tmp_path, ["가나", "다라", "마바"], second) == ["나가", "라다", "바마"]
    assert second.seen == ["마바"]


def test_a_run_killed_while_it_writes_leaves_whole_batches(tmp_path):
    """The transaction is open, its rows are in the file's journal, and the process dies."""
    cache = open_cache(tmp_path, MADE_BY)
    cache.write({"가": Translation("나")})
    dying = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('PRAGMA cache_size=1')\n"
        "rows = [(bytes([i % 256, i // 256]), 'x' * 500, '') for i in range(5000)]\n"
        "connection.executemany('INSERT INTO translations VALUES (?, ?, ?)', rows)\n"
        "os._exit(9)\n"
    )
    died = subprocess.run([sys.executable, "-c", dying, str(cache.path)], check=False)
    assert died.returncode == 9
    assert cache.path.with_name(f"{cache.path.name}-journal").exists()
    assert cache.read(["가"]) == {"가": Translation("나")}
    with closing(sqlite3.connect(cache.path)) as connection:
        assert connection.execute("SELECT count(*) FROM translations").fetchone() == (1,)


def test_two_runs_share_a_file(tmp_path):
    one, other = open_cache(tmp_path, MADE_BY), open_cache(tmp_path, MADE_BY)
    one.write({"가": Translation("나")})
    other.write({"가": Translation("나"), "다": Translation("라")})
    assert one.read(["가", "다"]) == other.read(["가", "다"])
    assert len(one.read(["가", "다"])) == 2


def test_a_file_of_another_kind_is_refused_by_name(tmp_path):
    path = open_cache(tmp_path, MADE_BY).path
    path.write_text("not a database" * 100)
    with pytest.raises(ValueError, match=r"\.sqlite cannot be used .* remove it"):
        translate(tmp_path, ["가나"])


def test_the_folder_is_made(tmp_path):
    assert translate(tmp_path / "a" / "b", ["가나"]) == ["나가"]
    assert (tmp_path / "a" / "b").is_dir()
