"""Translation by one sequence-to-sequence model: what ``generate`` of Transformers does not do.

``generate`` searches with beams and stops. This module batches texts by length, names the languages
of models that know many, and tells a translation from one that was cut off. Needs no torch before
the first text is translated.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from klue_pipeline.training.generation.translation import (
    CUT_OFF,
    EMPTY,
    TOO_LONG,
    Direction,
    GenerationSettings,
    Translate,
    Translation,
)

logger = logging.getLogger(__name__)

_SETTING = "augment.back_translation.models"
_REMEDY = (
    "Name folders with config.json, model.safetensors and a tokenizer, or model ids that this "
    f"machine can download, in {_SETTING}; tokenizers of Marian and M2M100 also need the package "
    "sentencepiece."
)


@dataclass(frozen=True)
class TranslationModel:
    """A sequence-to-sequence model of Transformers, on its device, with its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def positions(self) -> int | None:
        """For how many tokens the model has positions; None if only memory limits them."""
        return getattr(self.model.config, "max_position_embeddings", None)

    @property
    def max_source_tokens(self) -> float:
        """Longest text that it reads; tokenizers without a limit of their own say 10 ** 30."""
        return float(min(self.tokenizer.model_max_length, self.positions or float("inf")))


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


def load_translation_model(name: str, device: str) -> TranslationModel:
    """Load a sequence-to-sequence model with its tokenizer; in half precision on a GPU.

    Code shipped with a model is never run, and pickled weights are not opened.

    Args:
        name: A folder or a hub id.
        device: A setting such as ``auto``; see ``device.resolve_device``.

    Raises:
        ValueError: It cannot be loaded, or weights are missing, or there is no such device.
    """
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from klue_pipeline.training.device import resolve_device
    from klue_pipeline.training.loading.encoder_files import explained, require_files
    from klue_pipeline.training.tokenizer import require_vocabulary

    chosen = resolve_device(device, "augment.back_translation.device")
    dtype = torch.float16 if chosen.type == "cuda" else torch.float32
    with explained(f"The translation model {name!r}", _REMEDY):
        if Path(name).is_dir():
            require_files(Path(name))
            require_vocabulary(name, _SETTING)
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            name,
            dtype=dtype,
            output_loading_info=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
    _require_weights(name, report["missing_keys"])
    logger.info("Translating with %s on %s", name, chosen)
    return TranslationModel(model.to(chosen).eval(), tokenizer)


def _require_weights(name: str, missing: Iterable[str]) -> None:
    # Transformers would fill them with random numbers, and the translations would be noise.
    lacking = sorted(missing)
    if lacking:
        raise ValueError(
            f"The translation model {name!r} lacks {len(lacking)} weights that its config.json "
            f"promises, among them {', '.join(lacking[:3])}. A model that was trained to translate "
            "is wanted; an encoder alone will not do."
        )


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
    lengths = [len(ids) for ids in _tokenize(loaded, texts, direction)["input_ids"]]
    too_long = [i for i, length in enumerate(lengths) if length > loaded.max_source_tokens]
    yield {place: Translation("", TOO_LONG) for place in too_long}
    fitting = set(range(len(texts))).difference(too_long)
    order = sorted(fitting, key=lambda place: (-lengths[place], place))
    starts = range(0, len(order), settings.batch_size)
    for start in tqdm(starts, desc=direction.model, unit="batch", leave=False, disable=None):
        places = order[start : start + settings.batch_size]
        batch = [texts[place] for place in places]
        padded = _tokenize(loaded, batch, direction, padding=True, return_tensors="pt")
        yield dict(zip(places, _generate(loaded, padded, options), strict=True))


def _tokenize(
    loaded: TranslationModel, texts: Sequence[str], direction: Direction, **options: Any
) -> Any:
    # Set each time: steps that go opposite ways may share the tokenizer.
    if direction.source is not None:
        loaded.tokenizer.src_lang = direction.source
    return loaded.tokenizer(list(texts), verbose=False, return_token_type_ids=False, **options)


def _generate(
    loaded: TranslationModel, padded: Any, options: Mapping[str, Any]
) -> list[Translation]:
    padded = padded.to(loaded.model.device)
    with _explained_out_of_memory(len(padded["input_ids"])):
        output = loaded.model.generate(**padded, **options)
    texts = loaded.tokenizer.batch_decode(output, skip_special_tokens=True)
    ends = loaded.model.generation_config.eos_token_id
    ends = set(ends) if isinstance(ends, list) else {ends}
    return [_judge(text, ids, ends) for text, ids in zip(texts, output.tolist(), strict=True)]


def _judge(text: str, token_ids: list[int], ends: set[int]) -> Translation:
    # The first token only starts the translation; in some models it is the same as the last.
    if ends.isdisjoint(token_ids[1:]):
        return Translation("", CUT_OFF)
    return Translation(text.strip(), "" if text.strip() else EMPTY)


def _generation_options(
    loaded: TranslationModel, direction: Direction, settings: GenerationSettings
) -> dict[str, Any]:
    """Return what to ask of ``generate``.

    A forced last token is asked away: with it, a translation that was cut off looks whole.

    Raises:
        ValueError: The languages do not fit the model, or ``max_new_tokens`` is beyond its
            positions.
    """
    if loaded.positions and settings.max_new_tokens > loaded.positions:
        raise ValueError(
            f"augment.back_translation.max_new_tokens is {settings.max_new_tokens}, but "
            f"{direction.model} has {loaded.positions} positions; set it to {loaded.positions} or "
            "less."
        )
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
    _language_id(tokenizer, direction.model, str(direction.source))
    return _language_id(tokenizer, direction.model, direction.target)


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
