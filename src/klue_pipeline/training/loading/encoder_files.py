"""Whether a model's folder or hub id holds an encoder, seen before its weights are read.

What is looked at is the configuration and, in a folder, the header of every file of weights: cheap
enough to be asked before anything else of a run is done. Foreign code is neither run nor asked
about, and nothing is unpickled.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from transformers import AutoConfig, PretrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from klue_pipeline.training.loading.weights_file import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    find_broken_tensor,
    find_weights_problem,
)
from klue_pipeline.training.params import EncoderParams

OFFSET_POSITIONS = frozenset(
    {
        "camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta",
        "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
    }
)  # fmt: skip
"""Families whose position ids start after the padding id, which costs them positions."""

_INDEX_FILE = f"{WEIGHTS_FILE}.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_SIZES = ("vocab_size", "hidden_size", "num_hidden_layers", "max_position_embeddings")
_LONGEST_REASON = 400
_ONLY_PICKLED = (
    "its weights are only there as a pickle{which}, which may run code when it is opened, and is "
    "therefore not opened. If you trust the file, write it anew as safetensors with "
    "AutoModel.from_pretrained(...).save_pretrained(...) outside of this project."
)
_IN_OTHER_WORDS = {
    # Advice of Transformers that does not hold here.
    "use_safetensors": _ONLY_PICKLED.format(which=""),
    "custom code": "it needs code of its own, which is never run.",
    "ignore_mismatched_sizes": "its weights have other shapes than its config.json says.",
}


def require_encoder(params: EncoderParams, setting: str = "encoder.name") -> PretrainedConfig:
    """Return the configuration of the encoder to load, and refuse what cannot be one.

    Args:
        params: Which encoder; not one to build from scratch.
        setting: What its name was given by, for messages.

    Raises:
        ValueError: It is no encoder of text, its files are not whole, or it wants foreign code.
    """
    with explained_encoder(params.name, setting):
        if Path(params.name).is_dir():
            require_files(Path(params.name))
        elif names_folder(params.name):
            raise ValueError("there is no such folder.")
        return read_config(params.name, params.revision)


def names_folder(name: str) -> bool:
    """Tell whether a name can only be a folder's, so that it is not looked up on the hub."""
    return name.startswith((".", "~", "/")) or name.count("/") > 1


def read_config(name: str | Path, revision: str | None = None) -> PretrainedConfig:
    """Read the configuration of an encoder of text.

    Raises:
        ValueError: It is of another kind of model, quantised, or names sizes that cannot be.
    """
    path = Path(name) / CONFIG_FILE
    if path.is_file():
        _read_object(path)  # Transformers takes any JSON for a table of settings
    config: PretrainedConfig = AutoConfig.from_pretrained(
        name, revision=revision, trust_remote_code=False
    )
    _require_plain(config)
    _require_text_encoder(config)
    _require_sizes(config)
    return config


@contextmanager
def explained(what: str, remedy: str, done: str = "loaded") -> Iterator[None]:
    """Turn whatever goes wrong while a model is loaded into one message.

    Args:
        what: What is loaded.
        remedy: What to give instead.
        done: What is done with it, if it is not loaded.

    Raises:
        ValueError: Something went wrong.
    """
    try:
        yield
    except Exception as error:  # odd files make Transformers and PyTorch raise anything
        raise ValueError(f"{what} could not be {done}: {_reason(error)} {remedy}") from error


def explained_encoder(name: str, setting: str) -> AbstractContextManager[None]:
    """Do the same for an encoder, whose name ``setting`` gave."""
    return explained(
        f"The encoder {name!r}",
        f"Give {setting} a folder with config.json and model.safetensors, or a model id that this "
        "machine can download, of a masked-language model such as BERT, RoBERTa or ELECTRA.",
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    for sign, words in _IN_OTHER_WORDS.items():
        if sign in text:
            return words
    shown = text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} …"
    return shown if shown.endswith((".", "…")) else f"{shown}."


def _require_plain(config: PretrainedConfig) -> None:
    if getattr(config, "quantization_config", None):
        raise ValueError("its weights are quantised, and quantised weights cannot be trained.")
    kernel = getattr(config, "_attn_implementation", None)
    if isinstance(kernel, str) and "/" in kernel:
        raise ValueError(
            f"its config.json wants the kernel {kernel!r} from the hub, which is foreign code and "
            "never run; remove attn_implementation from it."
        )


def _require_text_encoder(config: PretrainedConfig) -> None:
    kind = str(config.model_type)
    if config.is_encoder_decoder:
        raise ValueError(f"it is a {kind}, an encoder with a decoder; an encoder alone is wanted.")
    if getattr(config, "is_decoder", None) or kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise ValueError(
            f"it is a {kind}{' with is_decoder' if getattr(config, 'is_decoder', None) else ''}, "
            "which is no encoder of text that reads in both directions."
        )


def _require_sizes(config: PretrainedConfig) -> None:
    sizes = {name: getattr(config, name, None) for name in _SIZES}
    wrong = {name: size for name, size in sizes.items() if not isinstance(size, int) or size < 1}
    padding_id = getattr(config, "pad_token_id", None)
    if not wrong and padding_id is not None and not 0 <= padding_id < sizes["vocab_size"]:
        wrong = {"pad_token_id": padding_id, "vocab_size": sizes["vocab_size"]}
    if wrong:
        said = ", ".join(f"{name}={size}" for name, size in wrong.items())
        raise ValueError(f"its config.json says {said}, which cannot be.")


def require_files(folder: Path) -> None:
    """Refuse a folder whose files of weights are missing, cut off, pickled or elsewhere.

    Raises:
        ValueError: Naming the file.
    """
    for name in _weight_files(folder):
        _require_whole(folder / name)


def require_finite(name: str, model: PreTrainedModel) -> None:
    """Refuse a model with weights that are no numbers: its training would diverge an epoch later.

    Args:
        name: Its folder or hub id.
        model: The model as it was loaded.

    Raises:
        ValueError: Naming the file, where it is in a folder, and the tensor.
    """
    broken = [part for part, weights in model.named_parameters() if not weights.isfinite().all()]
    if not broken:
        return
    folder = Path(name)
    files = _weight_files(folder) if folder.is_dir() else []
    found = ((file, find_broken_tensor(folder / file)) for file in files)
    file, tensor = next((pair for pair in found if pair[1]), (WEIGHTS_FILE, broken[0]))
    raise ValueError(
        f"its {file} has weights that are no numbers (nan or infinite), first in {tensor}; the "
        "training that saved it had diverged, or the file was damaged."
    )


def _weight_files(folder: Path) -> list[str]:
    """Return the names of the files of weights; one that leaves the folder is refused."""
    if (folder / WEIGHTS_FILE).is_file():
        return [WEIGHTS_FILE]
    if (folder / _INDEX_FILE).is_file():
        return _indexed_files(folder / _INDEX_FILE)
    if pickles := sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern)):
        raise ValueError(_ONLY_PICKLED.format(which=f" ({pickles[0]})"))
    raise ValueError(f"it has no {WEIGHTS_FILE}.")


def _indexed_files(index: Path) -> list[str]:
    places = _read_object(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ValueError(f"its {index.name} has no weight_map.")
    names = sorted({str(place) for place in places.values()})
    for name in names:
        if Path(name).name != name or not name.endswith(Path(WEIGHTS_FILE).suffix):
            raise ValueError(
                f"its {index.name} names {name!r}; wanted are safetensors files in the same folder."
            )
        if not (index.parent / name).is_file():
            raise ValueError(f"its {index.name} names {name}, which is not there.")
    return names


def _require_whole(path: Path) -> None:
    if problem := find_weights_problem(path):
        raise ValueError(f"its {path.name} {problem}; copy it again.")


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"its {path.name} is no JSON in UTF-8 ({error}).") from error
    if isinstance(found, dict):
        return found
    raise ValueError(f"its {path.name} is a JSON {type(found).__name__}; wanted an object.")
