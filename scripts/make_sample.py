"""Write the project's own sample of relation-extraction rows: invented Korean, made from a grammar.

``sample_words.yml`` holds the words, ``sample_relations.yml`` the sentences that state a relation,
``sample_grammar.yml`` the clauses around them and how much of everything there is. One seed decides
all of it, so that every run writes the same bytes. See ``data/01_raw/sample/README.md``.
"""

import argparse
import csv
import logging
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from klue_pipeline.text.josa import JosaPair, choose_josa

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).resolve().parent
DEFAULT_OUTPUT = SCRIPTS.parent / "data" / "01_raw" / "sample"
COLUMNS = ("id", "sentence", "subject_entity", "object_entity", "label", "source")
SOURCES = ("wikipedia", "wikitree", "policy_briefing")
NO_RELATION = "no_relation"
HIDDEN_LABEL = "100"

Choice = TypeVar("Choice")

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_PIECE = re.compile(r"\{(\w+)\}")
_SLOT = re.compile(
    r"\{(?P<bare>\^)?(?P<name>\w*)(?:=(?P<kind>[\w/.]+))?(?:\.(?P<form>gloss|short))?"
    r"(?P<gloss>\+gloss)?(?::(?P<josa>[^}]+))?\}"
)
_SAID = re.compile(r"고 \S+다\.$")
_HANGUL_FIRST, _FINALS, _NIEUN, _RIEUL = 0xAC00, 28, 4, 8


# --- words ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """A word of the sample. ``type`` is its KLUE entity type, empty for filler text."""

    text: str
    kind: str
    type: str
    gloss: str = ""
    short: str = ""

    def form(self, name: str) -> "Word":
        """Return the form ``gloss`` or ``short`` as a word of its own."""
        text = getattr(self, name) or self.text
        return replace(self, text=text, kind=f"{self.kind}.{name}", gloss="", short="")


class Lexicon:
    """Draws words of a kind, put together from pieces as ``sample_words.yml`` says."""

    def __init__(self, words: Mapping[str, Any], chance: random.Random) -> None:
        self._parts, self._kinds, self._chance = words["parts"], words["kinds"], chance

    def draw(self, kinds: str) -> Word:
        """Draw a word of one of ``kinds``, written ``company`` or ``company/party``."""
        name = self._chance.choice(kinds.split("/"))
        kind = self._kinds[name]
        if "any_of" in kind:
            return self.draw(weighted(kind["any_of"], self._chance))
        pattern = kind["pattern"]
        pattern = pattern if isinstance(pattern, str) else self._chance.choice(pattern)
        pieces = {part: self._draw_piece(part) for part in _PIECE.findall(pattern)}
        texts = {part: text for part, (text, _) in pieces.items()}
        glosses = {part: gloss for part, (_, gloss) in pieces.items()}
        return Word(
            text=fill(pattern, texts),
            kind=name,
            type=weighted(kind["types"], self._chance) if "types" in kind else "",
            gloss=fill(kind.get("gloss", ""), glosses),
            short=fill(kind.get("short", ""), texts),
        )

    def simple_kinds(self, kinds: str) -> set[str]:
        """Return the kinds that ``kinds`` is a mixture of."""
        found: set[str] = set()
        for name in kinds.split("/"):
            parts = self._kinds[name].get("any_of") if name in self._kinds else None
            found |= self.simple_kinds("/".join(parts)) if parts else {name}
        return found

    def _draw_piece(self, part: str) -> tuple[str, str]:
        text, _, gloss = str(self._chance.choice(self._parts[part])).partition("|")
        return text, gloss


def fill(pattern: str, pieces: Mapping[str, str]) -> str:
    """Put ``pieces`` into ``pattern``; empty if one of them is missing."""
    if not all(part in pieces for part in _PIECE.findall(pattern)):
        return ""
    return _PIECE.sub(lambda match: pieces[match[1]], pattern)


def weighted(weights: Mapping[Choice, float], chance: random.Random) -> Choice:
    """Draw a key of ``weights`` with the probability that its weight gives it."""
    return chance.choices(list(weights), list(weights.values()))[0]


# --- sentence endings -----------------------------------------------------------------------------


def reported(sentence: str) -> str:
    """Return ``sentence`` as it stands before 고 in reported speech.

    >>> reported("표규호는 시인이다."), reported("표규호는 화가이다."), reported("학교를 세웠다.")
    ('표규호는 시인이라', '표규호는 화가라', '학교를 세웠다')
    """
    stem = sentence.removesuffix(".")
    if not stem.endswith("이다"):
        return stem
    noun = stem.removesuffix("이다")
    return noun + choose_josa(noun, "이라/라")


def continued(sentence: str) -> str:
    """Return ``sentence`` with the ending ~며, so that a clause can follow.

    >>> continued("학교를 세웠다."), continued("시인이다."), continued("일한다.")
    ('학교를 세웠으며', '시인이며', '일하며')
    """
    stem = sentence.removesuffix("다.")
    if stem.endswith("는"):
        return stem.removesuffix("는") + "으며"
    final = (ord(stem[-1]) - _HANGUL_FIRST) % _FINALS
    if final == _NIEUN:
        return stem[:-1] + chr(ord(stem[-1]) - _NIEUN) + "며"
    return stem + ("며" if final in (0, _RIEUL) else "으며")


# --- the grammar ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """What a text states: the relation ``label`` between the words of two slots."""

    subject: str
    object: str
    label: str


@dataclass(frozen=True)
class Clause:
    """A text with slots, and what it states about them."""

    text: str
    facts: tuple[Fact, ...] = ()

    @property
    def slots(self) -> dict[str, str]:
        """The names of the slots, each with the kind the text gives it or an empty string."""
        kinds: dict[str, str] = {}
        for slot in _SLOT.finditer(self.text):
            if slot["name"]:
                kinds[slot["name"]] = slot["kind"] or kinds.get(slot["name"], "")
        return kinds


@dataclass(frozen=True)
class Core:
    """A sentence that states a relation, with the kinds of its subject and object."""

    clause: Clause
    source: str
    kinds: Mapping[str, str]
    final: bool

    def kind(self, slot: str) -> str:
        """Return the kind of a slot, as ``company`` or ``company/party``."""
        return self.clause.slots[slot] or default_kind(slot, self.kinds)

    @property
    def topics(self) -> list[str]:
        """The slots that carry 은/는."""
        return [
            slot["name"] for slot in _SLOT.finditer(self.clause.text) if slot["josa"] == "은/는"
        ]


@dataclass(frozen=True)
class Recipe:
    """How to make a row: a core sentence, the slots to mark, clauses that must surround it."""

    core: Core
    fact: Fact
    opening: Clause | None = None
    after: Clause | None = None


def default_kind(slot: str, kinds: Mapping[str, str]) -> str:
    """Return the kind of a slot whose text names none: ``person2`` is a ``person``."""
    return kinds.get(slot, slot.rstrip("0123456789"))


def read_clause(entry: str | Mapping[str, Any]) -> Clause:
    """Read a clause written as text or as ``{text: …, pairs: […]}``."""
    if isinstance(entry, str):
        return Clause(entry)
    return Clause(entry["text"], read_facts(entry["pairs"]))


def read_facts(pairs: Iterable[str]) -> tuple[Fact, ...]:
    """Read facts written ``subject-slot object-slot label``."""
    return tuple(Fact(*pair.split(" ")) for pair in pairs)


def read_core(entry: str | Mapping[str, Any], label: str, settings: Mapping[str, Any]) -> Core:
    """Read a core sentence of ``label``, written as text or as ``{source: text, pairs: […]}``."""
    fields: Mapping[str, Any] = {"wikipedia": entry} if isinstance(entry, str) else entry
    source = next(source for source in SOURCES if source in fields)
    stated = Fact("subject", "object", label)
    return Core(
        clause=Clause(fields[source], (stated, *read_facts(fields.get("pairs", [])))),
        source=source,
        kinds={"subject": settings["subject"], "object": settings["object"]},
        final=settings.get("final", False),
    )


class Grammar:
    """The sentences of one split, the clauses around them, and the recipes for every label."""

    def __init__(
        self, relations: Mapping[str, Any], frames: Mapping[str, Any], split: str, patterns: str
    ) -> None:
        self.frames = frames
        self.counts: dict[str, int] = {label: entry[split] for label, entry in relations.items()}
        self.cores = [
            read_core(text, label, entry)
            for label, entry in relations.items()
            for text in entry["shared"] + entry[f"{patterns}_only"]
        ]
        self.openings, self.apart = (
            {source: [read_clause(entry) for entry in frames[name][source]] for source in SOURCES}
            for name in ("openings", "apart")
        )

    @cached_property
    def recipes(self) -> dict[str, dict[str, list[Recipe]]]:
        """The recipes by origin (``positive_from``, ``negative_from``) and by label."""
        makers = {
            "own": self._core_facts,
            "pairs": self._pairs,
            "clause": self._clauses,
            "before": self._before,
            "behind": self._behind,
        }
        return {origin: by_label(make()) for origin, make in makers.items()}

    def _core_facts(self) -> Iterator[Recipe]:
        """A label's own core sentences."""
        for core in self.cores:
            yield Recipe(core, core.clause.facts[0])

    def _pairs(self) -> Iterator[Recipe]:
        """What core sentences state besides. No relation is none the other way round either."""
        for core in self.cores:
            for fact in core.clause.facts[1:]:
                yield Recipe(core, fact)
                if fact.label == NO_RELATION:
                    yield Recipe(core, Fact(fact.object, fact.subject, NO_RELATION))

    def _clauses(self) -> Iterator[Recipe]:
        """What a clause states that follows any core sentence."""
        for core in self.cores:
            for clause in self.apart[core.source]:
                for fact in clause.facts:
                    yield Recipe(core, in_scope(fact, "after"), after=clause)

    def _before(self) -> Iterator[Recipe]:
        """No relation between an entity of the opening and one of the core sentence."""
        for core in self.cores:
            for clause in self.openings[core.source]:
                for fact in crossing_facts(clause, "opening"):
                    yield Recipe(core, fact, opening=clause)

    def _behind(self) -> Iterator[Recipe]:
        """No relation between an entity of the core sentence and one of a clause after it."""
        for core in self.cores:
            for clause in self.apart[core.source]:
                for fact in crossing_facts(clause, "after"):
                    yield Recipe(core, fact, after=clause)


def by_label(recipes: Iterable[Recipe]) -> dict[str, list[Recipe]]:
    """Sort recipes by the label they show."""
    found: dict[str, list[Recipe]] = defaultdict(list)
    for recipe in recipes:
        found[recipe.fact.label].append(recipe)
    return dict(found)


def in_scope(fact: Fact, scope: str) -> Fact:
    """Return ``fact`` with the slots as they are named in a clause around the core."""
    return Fact(scoped(fact.subject, scope), scoped(fact.object, scope), fact.label)


def crossing_facts(clause: Clause, scope: str) -> Iterator[Fact]:
    """Pair the core's subject or object with every slot of a clause that is not about them."""
    for slot in clause.slots:
        yield in_scope(Fact("subject", slot, NO_RELATION), scope)
        yield in_scope(Fact(slot, "object", NO_RELATION), scope)


def scoped(slot: str, scope: str) -> str:
    """Name a slot of a clause around the core; the core's subject and object stay the same."""
    return f"{scope}.{slot}" if scope and slot not in ("subject", "object") else slot


# --- one sentence ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entity:
    """A word at its place in a sentence; ``end`` is exclusive."""

    word: Word
    start: int

    @property
    def end(self) -> int:
        """Where the word ends, exclusive."""
        return self.start + len(self.word.text)

    def moved(self, characters: int) -> "Entity":
        """Return the same word with other, hence wrong, offsets."""
        return replace(self, start=self.start + characters)

    def as_literal(self) -> str:
        """Return the contest's form: a Python dict as text, its end inclusive."""
        word, last = self.word, self.end - 1
        return repr(
            {"word": word.text, "start_idx": self.start, "end_idx": last, "type": word.type}
        )


@dataclass(frozen=True)
class Row:
    """One row of the sample."""

    sentence: str
    subject: Entity
    object: Entity
    label: str
    source: str


@dataclass
class Scene:
    """A text being written, with the words of its slots and every place where they stand."""

    lexicon: Lexicon
    chance: random.Random
    kinds: Mapping[str, str]
    gloss_share: float
    words: dict[str, Word] = field(default_factory=dict)
    places: dict[str, list[Entity]] = field(default_factory=dict)
    text: str = ""

    def write(self, template: str, scope: str = "") -> None:
        """Append ``template`` with its slots filled."""
        chosen = _CHOICE.sub(lambda match: self.chance.choice(match[1].split("|")), template)
        self._draw_words(Clause(chosen).slots, scope)
        position = 0
        for slot in _SLOT.finditer(chosen):
            self.text += chosen[position : slot.start()]
            self._write_slot(slot, scoped(slot["name"], scope))
            position = slot.end()
        self.text += chosen[position:]

    def rewrite_ending(self, change: Callable[[str], str]) -> None:
        """Change the end of the text, behind its last entity."""
        self.text = change(self.text)

    def has_distinct_words(self) -> bool:
        """Tell whether no two slots hold the same word."""
        texts = [word.text for word in self.words.values()]
        return len(set(texts)) == len(texts)

    def _draw_words(self, slots: Mapping[str, str], scope: str) -> None:
        kinds = {name: kind or default_kind(name, self.kinds) for name, kind in slots.items()}
        # The form of another slot's word ("subject.gloss") needs that word first.
        for name in sorted(kinds, key=lambda name: "." in kinds[name]):
            if scoped(name, scope) not in self.words:
                self.words[scoped(name, scope)] = self._draw(kinds[name])

    def _draw(self, kind: str) -> Word:
        slot, _, form = kind.partition(".")
        return self.words[slot].form(form) if form else self.lexicon.draw(kind)

    def _write_slot(self, slot: re.Match[str], key: str) -> None:
        spoken = self.text
        if slot["name"]:
            word = self.words[key].form(slot["form"]) if slot["form"] else self.words[key]
            spoken = word.text
            if not slot["bare"]:
                self._write_word(word, key)
            if slot["gloss"] and word.gloss and self.chance.random() < self.gloss_share:
                self.text += f"({word.gloss})"
        if slot["josa"]:
            self.text += choose_josa(spoken, cast(JosaPair, slot["josa"]))

    def _write_word(self, word: Word, key: str) -> None:
        if word is self.words[key]:
            self.places.setdefault(key, []).append(Entity(word, len(self.text)))
        self.text += word.text


# --- one split ------------------------------------------------------------------------------------


class RowMaker:
    """Makes the rows of one split."""

    def __init__(self, words: Mapping[str, Any], grammar: Grammar, chance: random.Random) -> None:
        self._grammar, self._frames, self._chance = grammar, grammar.frames, chance
        self._lexicon = Lexicon(words, chance)
        self._pairs: list[tuple[Word, Word]] = []
        self._spare: dict[str, list[tuple[Scene, Recipe]]] = defaultdict(list)

    def make_all(self) -> list[Row]:
        """Make as many rows of every label as the grammar asks for, in random order."""
        labels = list(Counter(self._grammar.counts).elements())
        self._chance.shuffle(labels)
        return [self.make(label) for label in labels]

    def make(self, label: str) -> Row:
        """Make one row of ``label``."""
        while True:
            scene, recipe = self._spare_scene(label) or self._new_scene(label)
            if scene.has_distinct_words() and self._is_legal(scene, recipe.fact):
                return self._finish(scene, recipe)

    def _is_legal(self, scene: Scene, fact: Fact) -> bool:
        subject_type, object_type = (scene.words[s].type for s in (fact.subject, fact.object))
        legal = {"per": {"PER"}, "org": {"ORG", "LOC"}}
        subject_types = legal.get(fact.label.partition(":")[0], {"PER", "ORG"})
        return subject_type in subject_types and bool(object_type)

    def _finish(self, scene: Scene, recipe: Recipe) -> Row:
        subject, object_ = (
            self._chance.choice(scene.places[slot])
            for slot in (recipe.fact.subject, recipe.fact.object)
        )
        self._pairs.append((subject.word, object_.word))
        return Row(scene.text, subject, object_, recipe.fact.label, recipe.core.source)

    # Which sentence

    def _spare_scene(self, label: str) -> tuple[Scene, Recipe] | None:
        """Return an earlier sentence that also states ``label``, now and then."""
        spare = self._spare[label]
        if spare and self._chance.random() < self._frames["shared_sentences"]:
            return spare.pop(self._chance.randrange(len(spare)))
        return None

    def _new_scene(self, label: str) -> tuple[Scene, Recipe]:
        recipe = self._pick_recipe(label)
        scene = self._compose(recipe)
        for fact in recipe.core.clause.facts:
            if fact != recipe.fact:
                self._spare[fact.label].append((scene, replace(recipe, fact=fact)))
        return scene, recipe

    def _pick_recipe(self, label: str) -> Recipe:
        origins = self._frames["negative_from" if label == NO_RELATION else "positive_from"]
        found = {name: self._grammar.recipes[name].get(label, []) for name in origins}
        weights = {name: weight for name, weight in origins.items() if found[name]}
        return self._chance.choice(found[weighted(weights, self._chance)])

    def _known_pair(self, recipe: Recipe) -> dict[str, Word]:
        """Return the two words of an earlier row that fit the slots, now and then."""
        around = recipe.opening or recipe.after
        if around or self._chance.random() >= self._frames["reused_pairs"]:
            return {}
        slots = (recipe.fact.subject, recipe.fact.object)
        subjects, objects = (self._lexicon.simple_kinds(recipe.core.kind(slot)) for slot in slots)
        fitting = [
            pair
            for known in self._pairs
            for pair in (known, known[::-1])
            if pair[0].kind in subjects and pair[1].kind in objects
        ]
        return dict(zip(slots, self._chance.choice(fitting), strict=True)) if fitting else {}

    # Its text

    def _compose(self, recipe: Recipe) -> Scene:
        core, share = recipe.core, self._frames["gloss_share"]
        scene = Scene(self._lexicon, self._chance, core.kinds, share, self._known_pair(recipe))
        if recipe.opening or self._chance.random() < self._frames["opening_share"]:
            opening = recipe.opening or self._chance.choice(self._grammar.openings[core.source])
            scene.write(opening.text, "opening")
        scene.write(core.clause.text)
        count = weighted(self._frames["clauses_after"], self._chance)
        count -= self._continue(scene, core, count)
        for number, clause in enumerate(self._following(scene, recipe, count)):
            scene.write(" " + clause.text, "after" if clause is recipe.after else f"more{number}")
        return scene

    def _continue(self, scene: Scene, core: Core, count: int) -> int:
        """Go on about the core's topic or report the core; return the number of clauses used."""
        about = self._about(scene, core)
        said_already = _SAID.search(scene.text)
        if not said_already and self._chance.random() < self._frames["report_share"]:
            scene.rewrite_ending(reported)
            scene.write(self._chance.choice(self._frames["reports"][core.source]), "report")
        elif about and count and self._chance.random() < self._frames["about_share"]:
            if "며" not in scene.text and self._chance.random() < self._frames["joined_share"]:
                scene.rewrite_ending(continued)
            scene.write(" " + self._chance.choice(about), "about")
            return 1
        return 0

    def _about(self, scene: Scene, core: Core) -> Sequence[str]:
        """Return the clauses that may go on about the one topic of the core."""
        if core.final or core.source != "wikipedia" or len(core.topics) != 1:
            return []
        topic = scene.words.get(core.topics[0])
        return self._frames["about"].get(topic.type, []) if topic else []

    def _following(self, scene: Scene, recipe: Recipe, count: int) -> list[Clause]:
        """Pick ``count`` clauses with topics of their own, and the recipe's clause among them."""
        core = recipe.core
        apart = self._grammar.apart[core.source]
        clauses = [clause for clause in apart if clause is not recipe.after]
        if not core.final and scene.words["subject"].type in self._frames["again"]:
            again = self._frames["again"][scene.words["subject"].type]
            clauses.append(Clause(self._chance.choice(again)))
        picked = self._chance.sample(clauses, min(count, len(clauses)))
        if recipe.after:
            picked.insert(self._chance.randint(0, len(picked)), recipe.after)
        return picked


# --- what is wrong on purpose ---------------------------------------------------------------------


def mislabel(rows: Sequence[Row], frames: Mapping[str, Any], chance: random.Random) -> list[Row]:
    """Give a share of the rows a label that annotators confuse with theirs."""
    confusions, share = frames["confusions"], frames["label_noise"]
    return [
        replace(row, label=chance.choice(confusions[row.label]))
        if row.label in confusions and chance.random() < share
        else row
        for row in rows
    ]


def contradict(row: Row, frames: Mapping[str, Any], *, positive: bool) -> Row:
    """Return the row with another label: no_relation, or another relation if ``positive``."""
    if not positive:
        return replace(row, label=NO_RELATION)
    return replace(row, label=other_relations(row.label, frames)[0])


def other_relations(label: str, frames: Mapping[str, Any]) -> list[str]:
    """Return the labels that annotators confuse with ``label``, without no_relation."""
    return [other for other in frames["confusions"].get(label, []) if other != NO_RELATION]


def break_offsets(row: Row, number: int) -> Row:
    """Move the offsets of the subject or, for odd ``number``, of the object off its word.

    Number 0 leaves the sentence altogether, the others move by ``number`` characters.
    """
    shift = len(row.sentence) if number == 0 else number
    if number % 2:
        return replace(row, object=row.object.moved(shift))
    return replace(row, subject=row.subject.moved(shift))


def spoil(rows: Sequence[Row], frames: Mapping[str, Any], chance: random.Random) -> list[Row]:
    """Add the duplicates, contradictions and broken offsets of the training file."""
    rows = mislabel(rows, frames, chance)
    confusable = [i for i, row in enumerate(rows) if other_relations(row.label, frames)]
    contradicted = chance.sample(confusable, frames["contradictions"])
    others = [i for i in range(len(rows)) if i not in contradicted]
    chosen = chance.sample(others, frames["exact_duplicates"] + frames["broken_offsets"])
    duplicated, broken = chosen[: frames["exact_duplicates"]], chosen[frames["exact_duplicates"] :]
    for number, i in enumerate(broken):
        rows[i] = break_offsets(rows[i], number)
    rows += [rows[i] for i in duplicated]
    rows += [
        contradict(rows[i], frames, positive=bool(number % 2))
        for number, i in enumerate(contradicted)
    ]
    chance.shuffle(rows)
    return rows


# --- files ----------------------------------------------------------------------------------------


def read_yaml(name: str) -> dict[str, Any]:
    """Read a YAML file that lies beside this script."""
    content: dict[str, Any] = yaml.safe_load((SCRIPTS / name).read_text(encoding="utf-8"))
    return content


def make_rows(split: str, *, patterns: str | None = None, seed: str | None = None) -> list[Row]:
    """Make the rows of ``split``, always the same.

    Args:
        split: ``train`` or ``test``: how many rows of each label, and whether some are spoilt.
        patterns: The split whose sentence patterns are used; None for its own. Test rows with the
            patterns of training differ from training rows in the shares of labels alone.
        seed: Another one makes other rows of the same kind.
    """
    frames = read_yaml("sample_grammar.yml")
    chance = random.Random(seed or f"{frames['seed']}-{split}")
    grammar = Grammar(read_yaml("sample_relations.yml"), frames, split, patterns or split)
    rows = RowMaker(read_yaml("sample_words.yml"), grammar, chance).make_all()
    return spoil(rows, frames, chance) if split == "train" else rows


def write_table(path: Path, header: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file as the contest does: UTF-8, LF."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
    logger.info("Wrote %s", path)


def write_sample(output_dir: Path) -> None:
    """Write train.csv, test.csv and test_gold.csv into ``output_dir``."""
    output_dir.mkdir(parents=True, exist_ok=True)
    train, test = make_rows("train"), make_rows("test")
    write_table(output_dir / "train.csv", COLUMNS, _lines(train))
    write_test_rows(output_dir / "test.csv", test)
    gold = [(number, row.label) for number, row in enumerate(test)]
    write_table(output_dir / "test_gold.csv", ("id", "label"), gold)


def write_test_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as a test file, their labels hidden."""
    hidden = [replace(row, label=HIDDEN_LABEL) for row in rows]
    write_table(path, COLUMNS, _lines(hidden))


def _lines(rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        entities = (row.subject.as_literal(), row.object.as_literal())
        yield (number, row.sentence, *entities, row.label, row.source)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the sample."""
    parser = argparse.ArgumentParser(
        description="Write the bundled sample of invented relation-extraction rows: train.csv, "
        "test.csv (labels hidden) and test_gold.csv. The same files on every run."
    )
    parser.add_argument(
        "--output-dir", type=Path, default=DEFAULT_OUTPUT, help="folder to write to (%(default)s)"
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_sample(parser.parse_args(arguments).output_dir)


if __name__ == "__main__":
    main()
