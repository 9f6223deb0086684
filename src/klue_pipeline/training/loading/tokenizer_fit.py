"""Whether a loaded tokenizer belongs to its encoder, and can spell the texts of a run.

A tokenizer of another model trains without a word: its ids name other embeddings, or none.
"""

from collections.abc import Iterable
from itertools import islice

from transformers import PreTrainedTokenizerBase

from klue_pipeline.training.loading.encoder_files import OFFSET_POSITIONS, require_encoder
from klue_pipeline.training.params import EncoderParams

_TEXTS_READ = 200
_MOST_UNKNOWN = 0.5
"""Share of unknown tokens; a tokenizer of the texts' language has far below a tenth."""
_LEAST_USED = 0.5
"""Share of an encoder's embeddings; spare ones make up for round numbers, never for half."""


def require_fit(tokenizer: PreTrainedTokenizerBase, encoder: EncoderParams) -> None:
    """Refuse a tokenizer whose ids are not those of the encoder's embeddings.

    Tokens that were added to the vocabulary may lie beyond them; they get embeddings of their own.

    Raises:
        ValueError: It has no token for padding, or another vocabulary than the encoder.
    """
    config = require_encoder(encoder)
    if tokenizer.pad_token_id is None:
        raise _unfit(encoder, "the tokenizer has no pad_token", "name it in tokenizer_config.json")
    last = max(tokenizer.backend_tokenizer.get_vocab(with_added_tokens=False).values(), default=-1)
    if last >= config.vocab_size or len(tokenizer) < config.vocab_size * _LEAST_USED:
        found = f"the tokenizer's vocabulary ends at id {last}"
        raise _unfit(encoder, f"{found}, and the encoder has {config.vocab_size} embeddings")
    if config.model_type in OFFSET_POSITIONS and config.pad_token_id != tokenizer.pad_token_id:
        found = f"the tokenizer pads with id {tokenizer.pad_token_id}"
        raise _unfit(encoder, f"{found}, and config.json says {config.pad_token_id}")


def require_spelling(tokenizer: PreTrainedTokenizerBase, name: str, texts: Iterable[str]) -> None:
    """Refuse a tokenizer that knows hardly a word of the texts; the first of them are read.

    Raises:
        ValueError: Most of the tokens are unknown, or there are none.
    """
    read = list(islice(texts, _TEXTS_READ))
    if not read:
        return
    try:
        rows = tokenizer(read, add_special_tokens=False, verbose=False)["input_ids"]
    except Exception as error:  # tokenizers raises bare Exception
        raise ValueError(f"The tokenizer of {name!r} cannot spell a text: {error}.") from error
    tokens = [token for row in rows for token in row]
    unknown = sum(token == tokenizer.unk_token_id for token in tokens)
    if unknown >= len(tokens) * _MOST_UNKNOWN:
        raise ValueError(
            f"The tokenizer of {name!r} knows hardly a word: of {len(tokens)} tokens in the first "
            f"{len(read)} texts, {unknown} are unknown. Choose an encoder of the texts' language, "
            "or copy the tokenizer's files of the same model into its folder."
        )


def _unfit(encoder: EncoderParams, found: str, remedy: str | None = None) -> ValueError:
    remedy = remedy or "copy the tokenizer's files and the weights of one and the same model"
    return ValueError(
        f"The tokenizer and the encoder in {encoder.name!r} do not belong together: {found}; "
        f"{remedy}."
    )
