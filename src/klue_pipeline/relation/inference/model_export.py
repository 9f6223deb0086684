"""A trained model to hand out: every fold's checkpoint with its temperature, a card, a manifest.

The weights are not copied where they can be linked. Where the folder goes is left to its caller.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klue_pipeline.training.exporting.export_manifest import write_manifest
from klue_pipeline.training.exporting.linked_folders import CARD_FILE, link_folder
from klue_pipeline.training.loading.checkpoint_files import RELATION_FILE


@dataclass(frozen=True)
class ExportedModel:
    """What goes into the folder of an exported model.

    Attributes:
        checkpoints: The folder of each fold's checkpoint, by the fold's name.
        temperature: What logits are divided by before they become probabilities.
        card: The model card, in Markdown.
    """

    checkpoints: Mapping[str, Path]
    temperature: float
    card: str

    def save_pretrained(self, folder: Path) -> None:
        """Write everything into ``folder``; the checkpoints stay as they are.

        Raises:
            FileNotFoundError: A checkpoint is not whole.
            ValueError: A checkpoint was made by another version of this project.
        """
        for name, checkpoint in self.checkpoints.items():
            link_folder(checkpoint, folder / name)
            _write_temperature(checkpoint, folder / name, self.temperature)
        write_manifest(folder, self.checkpoints)
        (folder / CARD_FILE).write_text(self.card, encoding="utf-8")


def _write_temperature(checkpoint: Path, folder: Path, temperature: float) -> None:
    from klue_pipeline.relation.model.relation_model import read_relation_config

    config = read_relation_config(checkpoint).model_copy(update={"temperature": temperature})
    text = json.dumps(config.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"
    place = folder / RELATION_FILE
    place.unlink()  # never written through, whatever it is linked to
    place.write_text(text, encoding="utf-8")
