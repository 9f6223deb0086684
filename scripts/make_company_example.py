"""Write a small example of a company's own relation data, in Korean and in English, all invented.

The Korean files look as a spreadsheet saves them and say which words are meant, the English ones
give character offsets. ``company_example.yml`` holds every sentence and word. One seed decides all
of it, so that every run writes the same bytes.
"""

import argparse
import csv
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import yaml

from klue_pipeline.text.josa import JosaPair, choose_josa

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).resolve().parent
DEFAULT_OUTPUT = SCRIPTS.parent / "data" / "01_raw" / "sample" / "company"
KOREAN_COLUMNS = ("본문", "회사", "상대", "관계", "작성자")
ENGLISH_COLUMNS = ("text", "from_start", "from_end", "to_start", "to_end", "kind")
ROWS_PER_PAIR = 2

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(?P<name>\w+)(?::(?P<josa>[^}]+))?\}")
_SENTENCE_START = re.compile(r"(?:^|(?<=\. ))[a-z]")


# --- rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One row of the example: a text, its two companies, and how the first stands to the second."""

    text: str
    subject: str
    object: str
    label: str

    def offsets(self) -> tuple[int, int, int, int]:
        """Return where subject and object start and end, counted in characters, ends exclusive.

        >>> Row("B buys from A.", "A", "B", "supplies").offsets()
        (12, 13, 0, 1)
        """
        starts = self.text.index(self.subject), self.text.index(self.object)
        ends = starts[0] + len(self.subject), starts[1] + len(self.object)
        return starts[0], ends[0], starts[1], ends[1]


def fill(template: str, words: Mapping[str, str]) -> str:
    """Put ``words`` into the slots of ``template``, each with its particle.

    >>> fill("{subject:은/는} {object:와/과} 손잡았다.", {"subject": "미르결", "object": "타모르"})
    '미르결은 타모르와 손잡았다.'
    """

    def write(slot: re.Match[str]) -> str:
        word = words[slot["name"]]
        return word + (choose_josa(word, cast(JosaPair, slot["josa"])) if slot["josa"] else "")

    return _SLOT.sub(write, template)


def capitalise_sentences(text: str) -> str:
    """Begin every sentence with a capital, which changes no offset.

    >>> capitalise_sentences("all robots come from A. the terms are open.")
    'All robots come from A. The terms are open.'
    """
    return _SENTENCE_START.sub(lambda first: first[0].upper(), text)


class RowMaker:
    """Makes the rows of one file."""

    def __init__(self, language: Mapping[str, Any], names: str, chance: random.Random) -> None:
        self._language, self._chance = language, chance
        self._names: list[str] = language["names"][names]
        self._rows_of_pair: Counter[frozenset[str]] = Counter()

    def make_all(self, split: str) -> list[Row]:
        """Make as many rows of every label as ``split`` asks for, in random order."""
        counts = {label: entry["rows"][split] for label, entry in self._language["labels"].items()}
        labels = list(Counter(counts).elements())
        self._chance.shuffle(labels)
        return [self._make(label) for label in labels]

    def name_again(self, rows: Sequence[Row]) -> list[Row]:
        """Let a few rows name their subject twice, so that its word alone is ambiguous."""
        changed = list(rows)
        for number in self._chance.sample(range(len(rows)), self._language["again_rows"]):
            row = rows[number]
            tail = self._chance.choice(self._language["again"])
            text = f"{row.text} {fill(tail, {'subject': row.subject})}"
            changed[number] = replace(row, text=text)
        return changed

    def absent_name(self, row: Row) -> str:
        """Return a name that does not stand in the text of ``row``."""
        return self._chance.choice([name for name in self._names if name not in row.text])

    def _make(self, label: str) -> Row:
        template = self._choose_wordings(self._compose(label))
        words = self._draw_words(template)
        text = capitalise_sentences(fill(template, words))
        return Row(text, words["subject"], words["object"], label)

    def _compose(self, label: str) -> str:
        language, chance = self._language, self._chance
        template: str = chance.choice(language["labels"][label]["sentences"])
        if chance.random() < language["opening_share"]:
            template = chance.choice(language["openings"]) + template
        if chance.random() < language["tail_share"]:
            template += " " + chance.choice(language["tails"])
        return template

    def _choose_wordings(self, template: str) -> str:
        return _CHOICE.sub(lambda match: self._chance.choice(match[1].split("|")), template)

    def _draw_words(self, template: str) -> dict[str, str]:
        words = dict(zip(("subject", "object"), self._draw_pair(), strict=True))
        for slot in _SLOT.finditer(template):
            if slot["name"] not in words:
                kind = slot["name"].rstrip("0123456789")
                known = self._names if kind == "other" else self._language["words"][kind]
                fresh = [word for word in known if word not in words.values()]
                words[slot["name"]] = self._chance.choice(fresh)
        return words

    def _draw_pair(self) -> list[str]:
        while True:
            pair = self._chance.sample(self._names, 2)
            if self._rows_of_pair[frozenset(pair)] < ROWS_PER_PAIR:
                self._rows_of_pair[frozenset(pair)] += 1
                return pair


# --- files ----------------------------------------------------------------------------------------


def write_table(
    path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]], *, spreadsheet: bool
) -> None:
    """Write a CSV file: as a spreadsheet saves it (BOM, CRLF), or plain UTF-8 with LF."""
    encoding, line_end = ("utf-8-sig", "\r\n") if spreadsheet else ("utf-8", "\n")
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator=line_end)
        writer.writerow(header)
        writer.writerows(lines)
    logger.info("Wrote %s", path)


def write_json_lines(path: Path, keys: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a JSON Lines file, one object a row."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            entry = dict(zip(keys, line, strict=True))
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    logger.info("Wrote %s", path)


def write_korean(output_dir: Path, language: Mapping[str, Any], seed: int) -> None:
    """Write the Korean files, which give entities as words: train, test and new rows."""
    chance = random.Random(f"{seed}-korean")
    training, unseen = (RowMaker(language, names, chance) for names in ("train", "unseen"))
    train = training.name_again(training.make_all("train"))
    for name, rows in (("korean.csv", train), ("korean_test.csv", unseen.make_all("test"))):
        lines = [(*as_words(row), row.label, chance.choice(language["authors"])) for row in rows]
        write_table(output_dir / name, KOREAN_COLUMNS, lines, spreadsheet=True)
    new = unseen.make_all("new")
    wrong = chance.randrange(len(new))
    new[wrong] = replace(new[wrong], subject=unseen.absent_name(new[wrong]))
    write_json_lines(output_dir / "korean_new.jsonl", KOREAN_COLUMNS[:3], map(as_words, new))


def write_english(output_dir: Path, language: Mapping[str, Any], seed: int) -> None:
    """Write the English files, which give entities as offsets: train, test and new rows."""
    chance = random.Random(f"{seed}-english")
    training, unseen = (RowMaker(language, names, chance) for names in ("train", "unseen"))
    for name, rows in (
        ("english.jsonl", training.make_all("train")),
        ("english_test.jsonl", unseen.make_all("test")),
    ):
        lines = [(row.text, *row.offsets(), row.label) for row in rows]
        write_json_lines(output_dir / name, ENGLISH_COLUMNS, lines)
    new = unseen.make_all("new")
    lines = spoil_offsets(new, chance.randrange(len(new)))
    write_table(output_dir / "english_new.csv", ENGLISH_COLUMNS[:-1], lines, spreadsheet=False)


def as_words(row: Row) -> tuple[str, str, str]:
    """Return the text and its entities as words."""
    return row.text, row.subject, row.object


def spoil_offsets(rows: Sequence[Row], wrong: int) -> Iterator[tuple[str | int, ...]]:
    """Yield text and offsets; in row ``wrong``, the subject lies outside of the text."""
    for number, row in enumerate(rows):
        subject_start, subject_end, *object_offsets = row.offsets()
        shift = len(row.text) if number == wrong else 0
        yield (row.text, subject_start + shift, subject_end + shift, *object_offsets)


def write_example(output_dir: Path) -> None:
    """Write the six files into ``output_dir``."""
    settings = yaml.safe_load((SCRIPTS / "company_example.yml").read_text(encoding="utf-8"))
    output_dir.mkdir(parents=True, exist_ok=True)
    write_korean(output_dir, settings["korean"], settings["seed"])
    write_english(output_dir, settings["english"], settings["seed"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the example."""
    parser = argparse.ArgumentParser(
        description="Write the bundled example of a company's own relation data: rows to train on, "
        "to test on and to predict, in Korean and in English. The same files on every run."
    )
    parser.add_argument(
        "--output-dir", type=Path, default=DEFAULT_OUTPUT, help="folder to write to (%(default)s)"
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_example(parser.parse_args(arguments).output_dir)


if __name__ == "__main__":
    main()
