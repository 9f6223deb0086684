"""Translation by sequence-to-sequence models: texts in, texts in another language out.

What the texts are, what is done with the translations and where they are kept is decided elsewhere.
Needs no torch before the first text is translated.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from klue_pipeline.training.fingerprint import hash_file

logger = logging.getLogger(__name__)

TOO_LONG = "longer than the translation model reads"
CUT_OFF = "translation longer than max_new_tokens"
EMPTY = "translation is empty"
_DIRECTION = re.compile(r"(?P<model>.*\S)\s+(?P<source>[\w-]+)>(?P<target>[\w-]+)")


class Translation(NamedTuple):
    """What became of a text.

    Attributes:
        text: The translation; empty if there is none.
        problem: Why there is none, in a few words; empty if there is one.
    """

    text: str
    problem: str = ""


Translate = Callable[[Sequence[str]], Iterable[Mapping[int, Translation]]]
"""Translates texts in batches: yields translations by the place of their text among those given.
Every place comes exactly once, in any order."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A translation model, and which way it translates.

    Attributes:
        model: A folder or a hub id.
        source: The language it reads, as its tokenizer spells it; None for a model of one
            direction.
        target: The language it writes.
    """

    model: str
    source: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How translations are made.

    Attributes:
        num_beams: Beams of the beam search; 1 is greedy search.
        max_new_tokens: Longest translation in tokens; longer ones are given up.
        batch_size: Texts that are translated at once.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    """

    num_beams: int
    max_new_tokens: int
    batch_size: int
    device: str


@dataclass(frozen=True)
class TranslationModel:
    """A loaded model with its tokenizer.

    Attributes:
        model: A sequence-to-sequence model of Transformers, on its device.
        tokenizer: What it came with.
        max_source_tokens: Longest text that it reads; infinite if only memory limits it.
    """

    model: Any
    tokenizer: Any
    max_source_tokens: float


def read_direction(spelled: str) -> Direction:
    """Read a model's name with, for a model of many languages, from which to which.

    >>> read_direction("Helsinki-NLP/opus-mt-ko-en").target is None
    True
    >>> read_direction("facebook/nllb-200-distilled-600M kor_Hang>jpn_Jpan").source
    'kor_Hang'
    """
    found = _DIRECTION.fullmatch(spelled.strip())
    return Direction(**found.groupdict()) if found else Direction(spelled.strip())


def build_translators(
    directions: Sequence[Direction], settings: GenerationSettings
) -> list[Translate]:
    """Prepare one step of a chain for each direction.

    A model is loaded when the first text reaches it and stays in memory from then on, so that
    calling again costs nothing; steps with the same model share it. A chain of two models takes
    the memory of both.

    Args:
        directions: The models, in the order of the chain.
        settings: How they translate.
    """
    load = cache(partial(load_translation_model, device=settings.device))
    return [
        partial(_translate, direction=direction, settings=settings, load=load)
        for direction in directions
    ]


def translate_by_way_of(steps: Sequence[Translate], texts: Sequence[str]) -> list[Translation]:
    """Send texts through all steps, one after the other.

    Args:
        steps: Translators, the next one reading what the one before wrote.
        texts: What to translate.

    Returns:
        One for each text, in order; the problem is the first one on its way.
    """
    results = [Translation(text) for text in texts]
    for translate in steps:
        places = [place for place, result in enumerate(results) if not result.problem]
        for batch in translate([results[place].text for place in places]):
            for index, translation in batch.items():
                results[places[index]] = translation
    return results


def describe_direction(direction: Direction, settings: GenerationSettings) -> dict[str, object]:
    """Return all that decides a translation besides the text, for a fingerprint.

    For a folder that is the content of its files. A hub id stands for itself: what its owner
    changes there later goes unnoticed. Batches and the device change nothing but rounding.
    """
    folder = Path(direction.model)
    return {
        "model": direction.model,
        "source": direction.source,
        "target": direction.target,
        "num_beams": settings.num_beams,
        "max_new_tokens": settings.max_new_tokens,
        "files": _hash_files(folder) if folder.is_dir() else None,
    }


def _hash_files(folder: Path) -> dict[str, str]:
    return {path.name: hash_file(path) for path in sorted(folder.iterdir()) if path.is_file()}


def load_translation_model(name: str, device: str) -> TranslationModel:
    """Load a sequence-to-sequence model with its tokenizer; in half precision on a GPU.

    Code shipped with a model is never run. Weights that are not in the safetensors format are read
    as weights only.

    Args:
        name: A folder or a hub id.
        device: A setting such as ``auto``; see ``device.resolve_device``.

    Raises:
        ValueError: It cannot be loaded, or weights are missing, or there is no such device.
    """
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from klue_pipeline.training.device import resolve_device

    chosen = resolve_device(device, "augment.back_translation.device")
    dtype = torch.float16 if chosen.type == "cuda" else torch.float32
    with _explained(name):
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            name, dtype=dtype, output_loading_info=True, trust_remote_code=False
        )
    _require_weights(name, report["missing_keys"])
    logger.info("Translating with %s on %s", name, chosen)
    return TranslationModel(model.to(chosen).eval(), tokenizer, _source_limit(model, tokenizer))


@contextmanager
def _explained(name: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"The translation model {name!r} could not be loaded: {first_line} Name folders with "
            "config.json, model.safetensors and a tokenizer, or model ids that this machine can "
            "download, in augment.back_translation.models; tokenizers of Marian and M2M100 also "
            "need the package sentencepiece."
        ) from error


def _require_weights(name: str, missing: Iterable[str]) -> None:
    # Transformers would fill them with random numbers, and the translations would be noise.
    lacking = sorted(missing)
    if lacking:
        raise ValueError(
            f"The translation model {name!r} lacks {len(lacking)} weights that its config.json "
            f"promises, among them {', '.join(lacking[:3])}. A model that was trained to translate "
            "is wanted; an encoder alone will not do."
        )


def _source_limit(model: Any, tokenizer: Any) -> float:
    # Tokenizers without a limit of their own say 10 ** 30.
    positions = getattr(model.config, "max_position_embeddings", None) or float("inf")
    return float(min(tokenizer.model_max_length, positions))


def _translate(
    texts: Sequence[str],
    direction: Direction,
    settings: GenerationSettings,
    load: Callable[[str], TranslationModel],
) -> Iterator[Mapping[int, Translation]]:
    """Translate texts by one model, the longest first.

    Beam search draws nothing, so a text's translation does not depend on the others but for the
    rounding of a batch's sums, which decides between equally good beams only.
    """
    if not texts:
        return
    loaded = load(direction.model)
    options = _generation_options(loaded, direction, settings)
    token_ids = _tokenize(loaded, texts, direction)
    too_long = [i for i, ids in enumerate(token_ids) if len(ids) > loaded.max_source_tokens]
    yield {place: Translation("", TOO_LONG) for place in too_long}
    fitting = set(range(len(texts))).difference(too_long)
    order = sorted(fitting, key=lambda place: (-len(token_ids[place]), place))
    starts = range(0, len(order), settings.batch_size)
    for start in tqdm(starts, desc=direction.model, unit="batch", leave=False, disable=None):
        places = order[start : start + settings.batch_size]
        written = _generate(loaded, [token_ids[place] for place in places], options)
        yield dict(zip(places, written, strict=True))


def _tokenize(
    loaded: TranslationModel, texts: Sequence[str], direction: Direction
) -> list[list[int]]:
    # Set each time: steps that go opposite ways may share the tokenizer.
    if direction.source is not None:
        loaded.tokenizer.src_lang = direction.source
    token_ids: list[list[int]] = loaded.tokenizer(list(texts), verbose=False)["input_ids"]
    return token_ids


def _generation_options(
    loaded: TranslationModel, direction: Direction, settings: GenerationSettings
) -> dict[str, Any]:
    """Return what to ask of ``generate``.

    A forced last token is asked away: with it, a translation that was cut off looks whole.

    Raises:
        ValueError: The languages do not fit the model, or ``max_new_tokens`` is beyond its
            positions.
    """
    _require_positions(loaded, direction, settings)
    options = {
        "num_beams": settings.num_beams,
        "max_new_tokens": settings.max_new_tokens,
        "do_sample": False,
        "num_return_sequences": 1,
        "forced_eos_token_id": None,
        "max_length": None,
    }
    language_id = _find_target(loaded.tokenizer, direction)
    return options if language_id is None else {**options, "forced_bos_token_id": language_id}


def _require_positions(
    loaded: TranslationModel, direction: Direction, settings: GenerationSettings
) -> None:
    positions = getattr(loaded.model.config, "max_position_embeddings", None)
    if positions and settings.max_new_tokens > positions:
        raise ValueError(
            f"augment.back_translation.max_new_tokens is {settings.max_new_tokens}, but "
            f"{direction.model} has {positions} positions; set it to {positions} or less."
        )


def _find_target(tokenizer: Any, direction: Direction) -> int | None:
    """Return the id of the language to write; None for a model of one direction."""
    knows_languages = hasattr(tokenizer, "src_lang")
    if knows_languages != (direction.target is not None):
        wanted = (
            "reads and writes many languages; say which, as in 'facebook/nllb-200-distilled-600M "
            "kor_Hang>jpn_Jpan'"
            if knows_languages
            else "translates one way only; leave the languages away"
        )
        raise ValueError(f"augment.back_translation.models: {direction.model} {wanted}.")
    if direction.target is None:
        return None
    _, target_id = (
        _language_id(tokenizer, direction.model, str(code))
        for code in (direction.source, direction.target)
    )
    return target_id


def _language_id(tokenizer: Any, model: str, code: str) -> int:
    known: Mapping[str, str] | None = getattr(tokenizer, "lang_code_to_token", None)
    token = code if known is None else known.get(code, "")
    token_id = tokenizer.convert_tokens_to_ids(token)
    if token_id is None or token_id == tokenizer.unk_token_id:
        raise ValueError(
            f"augment.back_translation.models: the tokenizer of {model} knows no language {code!r};"
            " spell it as its model card does, such as kor_Hang (NLLB), ko_KR (mBART) or ko "
            "(M2M100)."
        )
    return int(token_id)


def _generate(
    loaded: TranslationModel, token_ids: list[list[int]], options: Mapping[str, Any]
) -> list[Translation]:
    import torch
    from torch.nn.utils.rnn import pad_sequence

    device = loaded.model.device
    padding_id = loaded.tokenizer.pad_token_id or 0
    rows = [torch.tensor(ids, device=device) for ids in token_ids]
    masks = [torch.ones_like(row) for row in rows]
    with torch.inference_mode(), _explained_out_of_memory(len(rows)):
        output = loaded.model.generate(
            input_ids=pad_sequence(rows, batch_first=True, padding_value=padding_id),
            attention_mask=pad_sequence(masks, batch_first=True),
            **options,
        )
    texts = loaded.tokenizer.batch_decode(output, skip_special_tokens=True)
    ends = _end_ids(loaded)
    return [_judge(text, ids, ends) for text, ids in zip(texts, output.tolist(), strict=True)]


def _end_ids(loaded: TranslationModel) -> set[int]:
    ends = loaded.model.generation_config.eos_token_id
    return set(ends) if isinstance(ends, list) else {ends}


def _judge(text: str, token_ids: list[int], ends: set[int]) -> Translation:
    # The first token only starts the translation; in some models it is the same as the last.
    if ends.isdisjoint(token_ids[1:]):
        return Translation("", CUT_OFF)
    return Translation(text.strip(), "" if text.strip() else EMPTY)


@contextmanager
def _explained_out_of_memory(batch_size: int) -> Iterator[None]:
    import torch

    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise RuntimeError(
            f"The GPU ran out of memory while translating {batch_size} texts at once; lower "
            "augment.back_translation.batch_size (same result) or num_beams. What was translated "
            "so far is kept."
        ) from error
