"""What was done to an exported model since it was made is noticed when it is opened."""

import json
import shutil

import pytest

from klue_pipeline.relation.inference.checkpoints import find_checkpoints
from klue_pipeline.relation.inference.model_export import ExportedModel


@pytest.fixture
def exported(relation_checkpoints, tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    folds = {name: relation_checkpoints / name for name in ("fold_0", "fold_1")}
    ExportedModel(folds, 0.5, "# 모델").save_pretrained(folder)
    return folder


def reorder_labels(folder):
    path = folder / "fold_0/relation.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(config | {"labels": config["labels"][::-1]}), encoding="utf-8")


def replace_fold(folder):
    shutil.rmtree(folder / "fold_1")
    shutil.copytree(folder / "fold_0", folder / "fold_1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda folder: shutil.rmtree(folder / "fold_1"),
            "fold_1 is missing.*2 folders.*list of their folders",
        ),
        (
            lambda folder: shutil.copytree(folder / "fold_0", folder / "fold_2"),
            "fold_2 is not of this export",
        ),
        (replace_fold, r"fold_1 is not what was exported: model\.safetensors"),
        (reorder_labels, r"fold_0 is not what was exported: relation\.json differs"),
        (
            lambda folder: (folder / "fold_1/tokenizer_config.json").unlink(),
            r"tokenizer_config\.json \(missing\)",
        ),
        (lambda folder: (folder / "export.json").write_text("{}"), "lists no models"),
    ],
)
def test_what_is_not_as_it_was_exported_is_refused(exported, change, said):
    change(exported)
    with pytest.raises(ValueError, match=said):
        find_checkpoints(exported)


def test_what_means_the_same_is_taken(exported):
    path = exported / "fold_0/relation.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (exported / "README.md").write_text("my own words")
    (exported / "fold_1/.DS_Store").touch()
    assert len(find_checkpoints(exported)) == 2


def test_a_fold_that_is_asked_alone_need_not_have_the_others(exported):
    shutil.rmtree(exported / "fold_1")
    assert find_checkpoints(exported / "fold_0") == (exported / "fold_0",)
    reorder_labels(exported)
    with pytest.raises(ValueError, match="fold_0 is not what was exported"):
        find_checkpoints(exported / "fold_0")


def test_an_export_of_an_earlier_version_has_no_manifest(exported):
    (exported / "export.json").unlink()
    shutil.rmtree(exported / "fold_1")
    assert find_checkpoints(exported) == (exported / "fold_0",)
