"""Write the project's own encyclopedia and questions about it, for open-domain question answering.

``odqa_sample_articles.yml`` says which things have articles, what these state and how it is asked
for; ``odqa_sample_words.yml`` holds the words. The invented country is made province by province,
so that any number of documents can be had in linear time. One seed decides all of it: every run
writes the same bytes. See ``data/01_raw/sample/README.md``.
"""

import argparse
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml

from klue_pipeline.text.josa import JosaPair, choose_josa

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).resolve().parent
DEFAULT_OUTPUT = SCRIPTS.parent / "data" / "01_raw" / "sample" / "odqa"
LAST_YEAR = 2020
LATER = (2, 35)  # years between a thing's own year and what happens to it later
KNOWN_AFTER = (-5, 60)  # years by which a thing may be younger than what its remarks name
SENTENCES_OF_WHOLE_COPY = 8  # a copy of more than that leaves its last one out
NEW_WORK = "new_work"  # a work that has no article

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?::([^}]+))?\}")
_SENTENCE = re.compile(r"(?<=\.) (?=\S)")


# --- what things are called -----------------------------------------------------------------------


class Word(NamedTuple):
    """A word as a text shows it, and what of it is an answer: 《푸른 대문》 and 푸른 대문."""

    shown: str
    answer: str


@dataclass(frozen=True)
class Thing:
    """What has an article. ``style`` seeds the wording; two things of one style are twins."""

    kind: str
    name: str
    noun: str
    year: int
    title: str
    style: str


def read_yaml(name: str) -> dict[str, Any]:
    """Read a YAML file that lies beside this script."""
    content: dict[str, Any] = yaml.safe_load((SCRIPTS / name).read_text(encoding="utf-8"))
    return content


def read_words() -> dict[str, Any]:
    """Read the words, with the pieces of persons' names from the other sample."""
    words = read_yaml("odqa_sample_words.yml")
    pieces = read_yaml("sample_words.yml")["parts"]
    for name in ("family", "given_first", "given_last"):
        words["lists"][name] = [piece.partition("|")[0] for piece in pieces[name]]
    return words


def says_what_it_is(name: str, noun: str) -> bool:
    """Tell whether a name ends like the word for the thing, so that nobody says that word too.

    >>> says_what_it_is("해온섬", "섬"), says_what_it_is("해온제지", "회사")
    (True, False)
    """
    return name.endswith(noun[-1])


class Province:
    """A part of the country: its name, its place names and the things in it."""

    def __init__(
        self, words: Mapping[str, Any], plan: Mapping[str, Any], chance: random.Random
    ) -> None:
        self._words, self._kinds, self.chance = words, plan["kinds"], chance
        self.known_share: float = plan["known_share"]
        self.name = self._new_stem() + self.word("province_form")
        self._stems = [self._new_stem() for _ in range(plan["stems"])]
        self.things: dict[str, list[Thing]] = {}

    def settle(self, taken: set[str], twin_share: float) -> None:
        """Make the things of every kind; their titles are new and go into ``taken``."""
        for kind, entry in self._kinds.items():
            things: list[Thing] = []
            self.things[kind] = things
            styles: set[str] = set()
            for _ in range(entry["count"]):
                single = bool(things) and things[-1].style not in styles
                twin = single and self.chance.random() < twin_share
                styles = {thing.style for thing in things[-1:]}
                things.append(self._settle_one(kind, taken, things[-1] if twin else None))

    def word(self, slot: str) -> str:
        """Draw a word for a slot that names no thing: from a list, a range or a pattern."""
        if slot == "stem":
            return self.chance.choice(self._stems)
        if slot in self._words["ranges"]:
            low, high, step = self._words["ranges"][slot]
            return f"{self.chance.randrange(low, high, step):,}"
        if slot in self._words["values"]:
            return self.fill(self._words["values"][slot])
        return str(self.chance.choice(self._words["lists"][slot]))

    def fill(self, pattern: str) -> str:
        """Fill the slots of a pattern with words."""
        return _SLOT.sub(lambda slot: self.word(slot[1]), pattern)

    def named(
        self,
        kind: str,
        year: int | None = None,
        after: Sequence[int] = KNOWN_AFTER,
        nouns: Sequence[str] = (),
    ) -> str:
        """Name a thing of a kind: mostly one that has an article and fits ``year``, or a new one.

        Args:
            kind: Of the thing.
            year: Of the thing whose article names it; None if any age will do.
            after: Fewest and most years from the named thing's own year to ``year``.
            nouns: What it may be; empty for anything.
        """
        fitting = [
            thing.name
            for thing in self.things[kind]
            if (year is None or after[0] <= year - thing.year <= after[1])
            and (not nouns or thing.noun in nouns)
        ]
        if fitting and self.chance.random() < self.known_share:
            return self.chance.choice(fitting)
        return self._new_name(kind, nouns)[0]

    def _new_stem(self) -> str:
        return self.word("stem_first") + self.word("stem_last")

    def _new_name(self, kind: str, nouns: Sequence[str] = ()) -> tuple[str, str]:
        entries = self._kinds[kind]["names"]
        if nouns:
            entries = [entry for entry in entries if set(entry["nouns"]) <= set(nouns)]
        entry = self.chance.choice(entries)
        return self.fill(entry["name"]), self.chance.choice(entry["nouns"])

    def _settle_one(self, kind: str, taken: set[str], twin: Thing | None) -> Thing:
        while True:
            name, noun = self._new_name(kind)
            if twin:
                name = self._kinds[kind]["twin"].format(name=twin.name)
                # Two persons of one name differ in what they are.
                noun = noun if name == twin.name else twin.noun
            known = {(thing.name, thing.noun) for thing in self.things[kind]}
            if (name, noun) not in known and (title := self._new_title(name, noun, taken)):
                year = self.chance.randint(*self._kinds[kind]["years"])
                style = twin.style if twin else str(self.chance.random())
                return Thing(kind, name, noun, year, title, style)
            twin = None

    def _new_title(self, name: str, noun: str, taken: set[str]) -> str:
        more = [self.name] if says_what_it_is(name, noun) else [noun, self.name]
        for title in (name, *(f"{name} ({word})" for word in more)):
            if title not in taken:
                taken.add(title)
                return title
        return ""


# --- texts ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """What a text states: the value of a relation, at a place of the text."""

    relation: str
    value: Word
    start_char: int


@dataclass(frozen=True)
class Document:
    """A document: paragraphs of an article, and the facts stated in them."""

    document_id: int
    title: str
    text: str
    facts: tuple[Fact, ...]

    def as_line(self) -> dict[str, Any]:
        """Return the document as a line of ``documents.jsonl``."""
        return {"document_id": self.document_id, "title": self.title, "text": self.text}


@dataclass(frozen=True)
class Article:
    """An article about a thing, as documents; ``unstated`` are relations that no article gives."""

    thing: Thing
    province: str
    documents: tuple[Document, ...]
    unstated: tuple[str, ...]


class Text(NamedTuple):
    """A piece of an article, and the facts stated in it."""

    text: str
    facts: tuple[Fact, ...] = ()


def join(pieces: Sequence[Text], separator: str) -> Text:
    """Put pieces one behind another; the places of their facts move along.

    >>> value = Word("1912년", "1912년")
    >>> pieces = [Text("그는 시인이다."), Text("1912년에 났다.", (Fact("birth_year", value, 0),))]
    >>> joined = join(pieces, " ")
    >>> joined.text, joined.facts[0].start_char
    ('그는 시인이다. 1912년에 났다.', 9)
    """
    facts: list[Fact] = []
    offset = 0
    for piece in pieces:
        facts += [Fact(f.relation, f.value, f.start_char + offset) for f in piece.facts]
        offset += len(piece.text) + len(separator)
    return Text(separator.join(piece.text for piece in pieces), tuple(facts))


def write(template: str, word: Callable[[str], Word], style: random.Random) -> tuple[str, int]:
    """Fill a template; return the text and where the answer of slot ``v`` begins (-1 without it).

    >>> words = {"t": Word("《푸른 대문》", "푸른 대문"), "v": Word("해온섬", "해온섬")}
    >>> write("{t:은/는} {v:이/}다.", words.__getitem__, random.Random(1))
    ('《푸른 대문》은 해온섬이다.', 9)
    """
    chosen = _CHOICE.sub(lambda match: style.choice(match[1].split("|")), template)
    text, position, start_char = "", 0, -1
    for slot in _SLOT.finditer(chosen):
        filling = word(slot[1])
        text += chosen[position : slot.start()]
        if slot[1] == "v":
            start_char = len(text) + filling.shown.index(filling.answer)
        text += filling.shown
        if slot[2]:
            text += choose_josa(filling.shown, cast(JosaPair, slot[2]))
        position = slot.end()
    return text + chosen[position:], start_char


class ArticleWriter:
    """Writes the article of one thing."""

    def __init__(self, thing: Thing, province: Province, plan: Mapping[str, Any]) -> None:
        self._thing, self._province, self._plan = thing, province, plan
        self._kinds = plan["kinds"]
        self._kind = self._kinds[thing.kind]
        self._style = random.Random(thing.style)
        self._used = {thing.name}
        self._own_words: dict[str, Callable[[], str]] = {
            "name": lambda: show(thing.name, self._kind).shown,
            "noun": lambda: thing.noun,
            "province": lambda: province.name,
            "year": lambda: f"{province.chance.randint(*self._kind['years'])}년",
            "later_year": self._later_year,
        }

    def write(self) -> tuple[list[Text], list[str]]:
        """Return the paragraphs, and the relations that they leave out."""
        relations = applying_relations(self._thing, self._kinds)
        self._style.shuffle(relations)
        weights = self._plan["paragraphs"]
        n_paragraphs = self._style.choices(list(weights), list(weights.values()))[0]
        # One fact a paragraph, and those left over where the draw puts them.
        n_stated = min(len(relations), n_paragraphs + self._style.randint(1, 3))
        facts: list[list[str]] = [[] for _ in range(n_paragraphs)]
        for number, relation in enumerate(relations[:n_stated]):
            facts[number % n_paragraphs].append(relation)
        remarks = self._style.sample(self._kind["remarks"], k=min(n_paragraphs * 2, 8))
        paragraphs = [
            self._paragraph(facts[number], remarks[number::n_paragraphs], first=number == 0)
            for number in range(n_paragraphs)
        ]
        return paragraphs, relations[n_stated:]

    def _paragraph(self, relations: Sequence[str], remarks: Sequence[str], *, first: bool) -> Text:
        sentences = [(relation, "") for relation in relations] + [("", text) for text in remarks]
        self._style.shuffle(sentences)
        opening = [("", self._style.choice(self._kind["openings"]))] if first else []
        pieces = [
            self._fact(relation, calls_name=number == 0)
            if relation
            else self._sentence(template, calls_name=number == 0)
            for number, (relation, template) in enumerate([*opening, *sentences])
        ]
        return join(pieces, " ")

    def _fact(self, name: str, *, calls_name: bool) -> Text:
        relation = self._kind["relations"][name]
        value = self._value(relation)
        self._used.add(value.answer)
        template = self._style.choice(relation["states"])
        return self._sentence(template, calls_name=calls_name, value=value, relation=name)

    def _sentence(
        self, template: str, *, calls_name: bool, value: Word | None = None, relation: str = ""
    ) -> Text:
        named = self._style.random() < self._plan["named_again_share"]
        topic = self._topic(by_name=calls_name or named)
        known = {"t": topic, **({"v": value} if value else {})}
        text, start_char = write(
            template, lambda slot: known.get(slot) or self._word(slot), self._style
        )
        return Text(text, (Fact(relation, value, start_char),) if value else ())

    def _topic(self, *, by_name: bool) -> Word:
        if by_name:
            return show(self._thing.name, self._kind)
        again = self._kind["again"].format(noun=self._thing.noun)
        return Word(again, again)

    def _value(self, relation: Mapping[str, Any]) -> Word:
        kind = relation["value"]
        if kind == "year":
            return plain(f"{self._thing.year}년")
        if kind in self._kinds:
            after = relation.get("after")
            year = self._thing.year if after else None
            return self._named(kind, year, after or KNOWN_AFTER, relation.get("nouns", ()))
        return self._word(kind)

    def _word(self, slot: str) -> Word:
        if slot in self._own_words:
            return plain(self._own_words[slot]())
        if slot == NEW_WORK:
            pattern = self._province.chance.choice(["painted_work", "named_work"])
            return show(self._province.word(pattern), self._kinds["work"])
        if slot in self._kinds:
            return self._named(slot, self._thing.year)
        return plain(self._province.word(slot))

    def _later_year(self) -> str:
        later = self._province.chance.randint(*self._kind.get("later", LATER))
        return f"{min(self._thing.year + later, LAST_YEAR)}년"

    def _named(self, kind: str, year: int | None, *fitting: Any) -> Word:
        """Name a thing that this article has not named yet, nor is about."""
        while (name := self._province.named(kind, year, *fitting)) in self._used:
            pass
        self._used.add(name)
        return show(name, self._kinds[kind])


def plain(text: str) -> Word:
    """Return a word that is shown as it is."""
    return Word(text, text)


def show(name: str, kind: Mapping[str, Any]) -> Word:
    """Return a name as texts show it, a work's in its brackets."""
    return Word(kind.get("shown", "{name}").format(name=name), name)


def applying_relations(thing: Thing, kinds: Mapping[str, Any]) -> list[str]:
    """Return the relations that a thing can have: an island has no height."""
    relations = kinds[thing.kind]["relations"]
    return [
        name for name, entry in relations.items() if thing.noun in entry.get("only", [thing.noun])
    ]


def group_paragraphs(paragraphs: Iterable[Text], plan: Mapping[str, Any]) -> list[Text]:
    """Join paragraphs that follow each other into documents; a short one never stands alone."""
    groups: list[list[Text]] = [[]]
    for paragraph in paragraphs:
        is_full = len(join([*groups[-1], paragraph], "\n").text) > plan["document_characters"]
        if groups[-1] and is_full and len(paragraph.text) >= plan["lone_paragraph_characters"]:
            groups.append([])
        groups[-1].append(paragraph)
    return [join(group, "\n") for group in groups]


# --- the encyclopedia -----------------------------------------------------------------------------


def make_articles(plan: Mapping[str, Any], seed: str) -> Iterator[Article]:
    """Make articles without end, province by province."""
    words, taken, numbers = read_words(), set[str](), count()
    for number in count():
        chance = random.Random(f"{seed}-{number}")
        province = Province(words, plan, chance)
        province.settle(taken, plan["twin_share"])
        yield from _province_articles(province, plan, taken, numbers)


def _province_articles(
    province: Province, plan: Mapping[str, Any], taken: set[str], numbers: Iterator[int]
) -> Iterator[Article]:
    things = [thing for things in province.things.values() for thing in things]
    drafts = [_draft(thing, province, plan) for thing in things]
    copied = [draft for draft in drafts if province.chance.random() < plan["copy_share"]]
    drafts += [_draft_copy(draft, province, plan, taken) for draft in copied]
    province.chance.shuffle(drafts)
    for thing, texts, unstated in drafts:
        documents = tuple(Document(next(numbers), thing.title, *text) for text in texts)
        yield Article(thing, province.name, documents, tuple(unstated))


Draft = tuple[Thing, list[Text], list[str]]


def _draft(thing: Thing, province: Province, plan: Mapping[str, Any]) -> Draft:
    paragraphs, unstated = ArticleWriter(thing, province, plan).write()
    return thing, group_paragraphs(paragraphs, plan), unstated


def _draft_copy(
    draft: Draft, province: Province, plan: Mapping[str, Any], taken: set[str]
) -> Draft:
    """Draft an article that repeats a document of another one; nothing is asked about it."""
    original, texts, _ = draft
    kind = plan["kinds"][original.kind]
    name, noun = kind["copy"]["name"].format(name=original.name), kind["copy"]["noun"]
    title = f"{name} ({province.name})" if name in taken else name
    taken.add(title)
    known = {"t": plain(name), "original": show(original.name, kind)}
    opening, _ = write(kind["copy"]["opening"], known.__getitem__, province.chance)
    sentences = _SENTENCE.split(province.chance.choice(texts).text)
    kept = sentences[:-1] if len(sentences) > SENTENCES_OF_WHOLE_COPY else sentences
    thing = Thing(original.kind, name, noun, original.year, title, original.style)
    return thing, [Text(" ".join([opening, *kept]))], []


def make_documents(n_documents: int, seed: str | int | None = None) -> Iterator[dict[str, Any]]:
    """Make ``n_documents`` lines as in ``documents.jsonl``, one after another, in linear time.

    Args:
        n_documents: How many; the first ones are the same whatever the number.
        seed: Another one makes another country; None makes that of the bundled sample.
    """
    plan = read_yaml("odqa_sample_articles.yml")
    articles = make_articles(plan, str(plan["seed"] if seed is None else seed))
    documents = (document for article in articles for document in article.documents)
    return (document.as_line() for document in islice(documents, n_documents))


# --- questions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """A question, the document that it is about, and its answer there unless there is none."""

    text: str
    document: Document
    answer: Fact | None

    def gold(self) -> dict[str, Any]:
        """Return the answers, as SQuAD's files hold them."""
        facts = [self.answer] if self.answer else []
        return {
            "text": [fact.value.answer for fact in facts],
            "answer_start": [fact.start_char for fact in facts],
        }


class Examiner:
    """Asks about articles."""

    def __init__(
        self, plan: Mapping[str, Any], names: Mapping[str, int], chance: random.Random
    ) -> None:
        self._plan, self._names, self._chance = plan, names, chance
        self._n_asked = self._n_in_vain = 0

    def ask(self, article: Article) -> list[Question]:
        """Ask some questions about an article, each for another relation."""
        stated = [(document, fact) for document in article.documents for fact in document.facts]
        n_questions = self._chance.randint(*self._plan["questions_per_article"])
        picked = self._chance.sample(stated, min(n_questions, len(stated)))
        questions = [self._ask(article, *pair) for pair in picked]
        self._n_asked += len(questions)
        is_due = self._n_in_vain < self._plan["impossible_share"] * self._n_asked
        if questions and article.unstated and is_due:
            questions[-1] = self._ask_in_vain(article)
            self._n_in_vain += 1
        return questions

    def _ask(self, article: Article, document: Document, fact: Fact) -> Question:
        template = self._template(article.thing, fact.relation)
        others = [other for other in document.facts if other.relation != fact.relation]
        return Question(self._write(template, article, others), document, fact)

    def _ask_in_vain(self, article: Article) -> Question:
        relation = self._chance.choice(article.unstated)
        template = self._template(article.thing, relation)
        document = self._chance.choice(article.documents)
        return Question(self._write(template, article, ()), document, None)

    def _template(self, thing: Thing, relation: str) -> str:
        kind = self._plan["kinds"][thing.kind]
        return str(self._chance.choice(kind["relations"][relation]["asks"]))

    def _write(self, template: str, article: Article, others: Sequence[Fact]) -> str:
        subject = self._subject(article, others)
        return write(template, {"t": plain(subject)}.__getitem__, self._chance)[0]

    def _subject(self, article: Article, others: Sequence[Fact]) -> str:
        """Say what is asked about: by its name, or by another fact of the same document."""
        thing = article.thing
        kind = self._plan["kinds"][thing.kind]
        described = [fact for fact in others if "describe" in kind["relations"][fact.relation]]
        if described and self._chance.random() < self._plan["described_share"]:
            fact = self._chance.choice(described)
            words = {"v": fact.value, "noun": plain(thing.noun)}
            describe = kind["relations"][fact.relation]["describe"]
            return write(describe, words.__getitem__, self._chance)[0]
        shown = show(thing.name, kind).shown
        full = shown if says_what_it_is(thing.name, thing.noun) else f"{thing.noun} {shown}"
        if self._names[thing.name] > 1:
            return f"{article.province}의 {full}"
        return full if self._chance.random() < self._plan["noun_share"] else shown


def make_questions(
    plan: Mapping[str, Any], articles: Sequence[Article]
) -> dict[str, list[Question]]:
    """Ask about articles, those of each part about articles of its own."""
    chance = random.Random(f"{plan['seed']}-questions")
    names = Counter(article.thing.name for article in articles)
    examiner = Examiner(plan, names, chance)
    shuffled = iter(chance.sample(articles, len(articles)))
    parts: dict[str, list[Question]] = {}
    for part, size in plan["questions"].items():
        questions: dict[str, Question] = {}
        while len(questions) < size:
            questions |= {question.text: question for question in examiner.ask(next(shuffled))}
        parts[part] = list(questions.values())[:size]
    return parts


# --- files ----------------------------------------------------------------------------------------


def labelled_line(question_id: str, question: Question) -> dict[str, Any]:
    """Return a question as a line of ``train.jsonl``."""
    return {
        "id": question_id,
        "title": question.document.title,
        "context": question.document.text,
        "question": question.text,
        "answers": question.gold(),
        "is_impossible": question.answer is None,
    }


def test_line(question_id: str, question: Question) -> dict[str, Any]:
    """Return a question as a line of ``test.jsonl``: nothing but what is asked."""
    return {"id": question_id, "question": question.text}


def gold_line(question_id: str, question: Question) -> dict[str, Any]:
    """Return what ``test.jsonl`` hides."""
    document_id = question.document.document_id
    return {"id": question_id, "document_id": document_id, "answers": question.gold()}


FILES: dict[str, tuple[str, Callable[[str, Question], dict[str, Any]]]] = {
    "train.jsonl": ("train", labelled_line),
    "validation.jsonl": ("validation", labelled_line),
    "test.jsonl": ("test", test_line),
    "test_gold.jsonl": ("test", gold_line),
}


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON lines: UTF-8, LF, Korean as it is read."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    logger.info("Wrote %s", path)


def write_sample(output_dir: Path) -> None:
    """Write the documents and the questions about them into ``output_dir``."""
    output_dir.mkdir(parents=True, exist_ok=True)
    plan = read_yaml("odqa_sample_articles.yml")
    articles = list(islice(make_articles(plan, str(plan["seed"])), plan["articles"]))
    documents = [document for article in articles for document in article.documents]
    write_lines(output_dir / "documents.jsonl", (document.as_line() for document in documents))
    questions = make_questions(plan, articles)
    for name, (part, line) in FILES.items():
        numbered = enumerate(questions[part])
        write_lines(
            output_dir / name, (line(f"{part}-{n:04}", question) for n, question in numbered)
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the sample, or documents alone."""
    parser = argparse.ArgumentParser(
        description="Write the bundled encyclopedia of an invented country and questions about it: "
        "documents.jsonl, train.jsonl, validation.jsonl, test.jsonl (answers hidden) and "
        "test_gold.jsonl. The same files on every run."
    )
    parser.add_argument(
        "--output-dir", type=Path, default=DEFAULT_OUTPUT, help="folder to write to (%(default)s)"
    )
    parser.add_argument(
        "--documents",
        type=int,
        metavar="N",
        help="write documents.jsonl alone, with N documents; needs another --output-dir",
    )
    settings = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if settings.documents is None:
        write_sample(settings.output_dir)
        return
    if settings.output_dir.resolve() == DEFAULT_OUTPUT:
        parser.error("--documents would write over the bundled sample: give another --output-dir.")
    settings.output_dir.mkdir(parents=True, exist_ok=True)
    write_lines(settings.output_dir / "documents.jsonl", make_documents(settings.documents))


if __name__ == "__main__":
    main()
