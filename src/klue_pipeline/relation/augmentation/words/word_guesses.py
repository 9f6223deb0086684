"""Other words for a noun in its sentence, guessed by a masked language model.

All chosen nouns of a sentence are hidden at once, so a sentence costs one look of the model however
many they are. Each is hidden by one mask, even a compound, and the particle behind it stays in
sight. What counts as a guess is a whole Korean noun of the same kind, common or proper, and none of
the sentence's entities.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerBase

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.mask_windows import (
    count_frame,
    cut_windows,
    hide_stems,
)
from klue_pipeline.relation.augmentation.words.noun_tokens import NOUNS, NounTokens, find_nouns
from klue_pipeline.relation.augmentation.words.replacements import WordChoice, WordRequest
from klue_pipeline.relation.augmentation.words.stems import Stem, find_runs, make_stem
from klue_pipeline.text.morphemes import Morpheme
from klue_pipeline.text.written_texts import CharSpan
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.device import resolve_device
from klue_pipeline.training.encoder import load_pretrained, max_positions
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.pretraining.masked_language_model import MaskedTokenModel
from klue_pipeline.training.tokenizer import load_tokenizer


@dataclass(frozen=True, slots=True)
class _View:
    """What the model sees of a row: all of it, or a window around some of its masks.

    Attributes:
        input_ids: Token ids, special ones included.
        masks: Number of each hidden stem in the request -> place of its mask.
        request: Number of the request.
    """

    input_ids: list[int]
    masks: dict[int, int]
    request: int


class GuessedWords:
    """Guesses of a masked language model, drawn by how likely it takes them to be.

    Args:
        model: The model, on its device.
        tokenizer: The model's own fast tokenizer, with a mask token.
        nouns: The tokens that it may guess, on the model's device.
        kinds: Which kinds of nouns to replace.
        top_k: How many of the likeliest nouns make up a choice.
        batch_size: Rows that the model sees at once; changes no more than last bits of its scores.
    """

    def __init__(
        self,
        model: MaskedTokenModel,
        tokenizer: PreTrainedTokenizerBase,
        nouns: NounTokens,
        kinds: Collection[str],
        *,
        top_k: int,
        batch_size: int,
    ) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._nouns = nouns
        self._kinds = frozenset(kinds)
        self._top_k = min(top_k, len(nouns.words))
        self._batch_size = batch_size
        self._max_tokens = min(max_positions(model.encoder.config), tokenizer.model_max_length)

    def find_stems(self, example: Example, morphemes: Sequence[Morpheme]) -> list[Stem]:
        """Return the nouns, compounds whole, that free words of a row start with."""
        found = (
            make_stem(example, word, runs[0])
            for word, runs in find_runs(example, morphemes, NOUNS)
            if runs and _begins(example.sentence, word, runs[0])
        )
        return [stem for stem in found if stem.tag in self._kinds]

    def find_words(self, requests: Sequence[WordRequest]) -> list[list[WordChoice]]:
        """Return the likeliest nouns for each stem of each request, in the order of token ids.

        None for a stem whose characters the tokenizer leaves out, or of which the vocabulary has no
        other noun of its kind.
        """
        choices = [[WordChoice()] * len(request.stems) for request in requests]
        views = self._look_at(requests)
        if not views:
            return choices
        rows = _as_rows(views, self._tokenizer.pad_token_id or 0)
        order = np.argsort(-rows.lengths, kind="stable").tolist()
        for start in range(0, len(order), self._batch_size):
            indices = order[start : start + self._batch_size]
            batch = [views[index] for index in indices]
            masks = [(view.request, number) for view in batch for number in view.masks]
            stems = [(requests[r].example, requests[r].stems[number]) for r, number in masks]
            guesses = self._guess(rows.__getitems__(indices), batch, stems)
            for (request, number), choice in zip(masks, guesses, strict=True):
                choices[request][number] = choice
        return choices

    def _look_at(self, requests: Sequence[WordRequest]) -> list[_View]:
        numbers = [number for number, request in enumerate(requests) if request.stems]
        if not numbers:
            return []
        texts = [requests[number].example.sentence for number in numbers]
        # Rows longer than the model has positions for are cut here, not by the tokenizer.
        encodings = self._tokenizer(texts, verbose=False).encodings
        mask_id = cast(int, self._tokenizer.mask_token_id)
        views: list[_View] = []
        for number, encoding in zip(numbers, encodings, strict=True):
            ids, masks = hide_stems(encoding, requests[number].stems, mask_id)
            windows = cut_windows(ids, masks, count_frame(encoding), self._max_tokens)
            views += [_View(window, inside, number) for window, inside in windows]
        return views

    @torch.inference_mode()
    def _guess(
        self,
        batch: dict[str, Tensor],
        views: Sequence[_View],
        stems: Sequence[tuple[Example, Stem]],
    ) -> list[WordChoice]:
        device = self._nouns.token_ids.device
        width = batch["input_ids"].shape[1]
        places = [
            row * width + place for row, view in enumerate(views) for place in view.masks.values()
        ]
        inputs = {name: values.to(device) for name, values in batch.items()}
        logits = self._model(**inputs, places=torch.tensor(places, device=device))
        scores = logits[:, self._nouns.token_ids].float()  # (stems, nouns)
        allowed = scores.masked_fill(self._is_barred(stems).to(device), -torch.inf)
        best = allowed.topk(self._top_k)
        ranked = zip(best.values.cpu(), best.indices.cpu(), strict=True)
        return [self._choose(values, indices) for values, indices in ranked]

    def _is_barred(self, stems: Sequence[tuple[Example, Stem]]) -> Tensor:
        """Tell which nouns cannot stand for which stems. Shape: (stems, nouns)."""
        wanted = torch.tensor([NOUNS.index(stem.tag) for _, stem in stems])
        barred = wanted[:, None] != self._nouns.kinds.cpu()[None, :]
        for row, (example, stem) in enumerate(stems):
            for word in (stem.text, example.subject.text, example.object.text):
                if word in self._nouns.places:
                    barred[row, self._nouns.places[word]] = True
        return barred

    def _choose(self, scores: Tensor, places: Tensor) -> WordChoice:
        known = torch.isfinite(scores)
        places, order = places[known].sort()
        probabilities = scores[known].softmax(dim=0)[order]
        words = tuple(self._nouns.words[place] for place in places.tolist())
        return WordChoice(words, tuple(probabilities.tolist()))


def load_guesses(
    name: str, kinds: Collection[str], *, method: str, top_k: int, batch_size: int, device: str
) -> GuessedWords:
    """Load a masked language model to guess nouns with, in float32.

    Args:
        name: A folder or hub id.
        kinds: Which kinds of nouns to replace, out of ``NOUNS``.
        method: The method that it is for, whose settings messages name.
        top_k: How many of the likeliest nouns make up a choice.
        batch_size: Rows that the model sees at once.
        device: ``auto``, ``cpu``, ``cuda:1`` and so on.

    Raises:
        OSError: There is no tokenizer to load.
        ValueError: The model or its tokenizer cannot be loaded, it was not trained to predict
            masked tokens, or its vocabulary has no Korean noun.
    """
    setting = f"augment.{method}.model"
    tokenizer = cast(PreTrainedTokenizerBase, load_tokenizer(name, setting=setting))
    model, missing = load_pretrained(EncoderParams(name=name), AutoModelForMaskedLM, setting)
    where = resolve_device(device, f"augment.{method}.device")
    _require_trained_head(name, missing, setting)
    _require_same_vocabulary(name, model, tokenizer, setting)
    nouns = find_nouns(tokenizer)
    if not nouns.words:
        raise ValueError(
            f"The vocabulary of {name!r} holds no Korean noun as one token, so it cannot guess "
            f"any; set {setting} to a model of Korean such as klue/roberta-base."
        )
    return GuessedWords(
        MaskedTokenModel(model, new_head=False).to(where),
        tokenizer,
        nouns.to(where),
        kinds,
        top_k=top_k,
        batch_size=batch_size,
    )


def _require_trained_head(name: str, missing: Collection[str], setting: str) -> None:
    # Transformers would give it a head of random numbers and go on.
    if missing:
        raise ValueError(
            f"{name!r} holds no trained head for masked-language modelling: {len(missing)} weights "
            f"are missing, among them {min(missing)}. Its guesses would be random; set {setting} "
            "to a model that has one, such as klue/roberta-base."
        )


def _require_same_vocabulary(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, setting: str
) -> None:
    if tokenizer.mask_token_id is None:
        raise ValueError(
            f"The tokenizer of {name!r} has no mask token, so nothing can be hidden from the "
            f"model; set {setting} to a model that was trained with one."
        )
    embeddings: Any = model.get_input_embeddings()
    if len(tokenizer) > embeddings.num_embeddings:
        raise ValueError(
            f"The tokenizer of {name!r} has {len(tokenizer)} tokens, but the model knows "
            f"{embeddings.num_embeddings}: they do not belong together. Check {setting}."
        )


def _as_rows(views: Sequence[_View], padding_id: int) -> EncodedRows:
    lengths = [len(view.input_ids) for view in views]
    return EncodedRows(
        input_ids=np.array([each for view in views for each in view.input_ids], dtype=np.int64),
        token_type_ids=None,  # a text alone is all of the first segment, which is the default
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        columns={},
        padding_id=padding_id,
    )


def _begins(sentence: str, word: CharSpan, run: Sequence[Morpheme]) -> bool:
    before = sentence[word.start_char : run[0].start_char]
    return not any(map(str.isalnum, before))
