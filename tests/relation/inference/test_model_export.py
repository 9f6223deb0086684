"""Folders of exported models: what is linked, what is copied, and that originals stay."""

import json
import os

import pytest

from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.relation.model.relation_model import read_relation_config
from klue_pipeline.training.exporting.linked_folders import link_folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def export(checkpoints, folder, temperature=0.5):
    folder.mkdir()
    folds = {name: checkpoints / name for name in ("fold_0", "fold_1")}
    ExportedModel(folds, temperature, "# 모델\n").save_pretrained(folder)
    return folder


def test_every_fold_says_the_temperature_and_the_originals_do_not(relation_checkpoints, tmp_path):
    before = contents(relation_checkpoints)
    exported = export(relation_checkpoints, tmp_path / "exported")
    for fold in ("fold_0", "fold_1"):
        former = read_relation_config(relation_checkpoints / fold)
        assert former.temperature == 1.0
        assert read_relation_config(exported / fold) == former.model_copy(
            update={"temperature": 0.5}
        )
    assert contents(relation_checkpoints) == before
    own = contents(exported)
    assert own.pop("README.md").decode() == "# 모델\n"
    assert json.loads(own.pop("export.json"))["models"].keys() == {"fold_0", "fold_1"}
    changed = {name for name in own if own[name] != before[name]}
    assert own.keys() == before.keys()
    assert changed == {"fold_0/relation.json", "fold_1/relation.json"}


def test_weights_cost_no_disk_and_the_rest_may_be_edited(relation_checkpoints, tmp_path):
    before = contents(relation_checkpoints)
    exported = export(relation_checkpoints, tmp_path / "exported")
    for path in (exported / "fold_0").iterdir():
        is_same = path.samefile(relation_checkpoints / "fold_0" / path.name)
        assert is_same == (path.name == "model.safetensors"), path.name
        if not is_same:
            path.write_text("changed in place")
    assert contents(relation_checkpoints) == before


def test_weights_are_copied_where_links_are_not_to_be_had(
    relation_checkpoints, tmp_path, monkeypatch
):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    exported = export(relation_checkpoints, tmp_path / "exported")
    original = relation_checkpoints / "fold_1/model.safetensors"
    copy = exported / "fold_1/model.safetensors"
    assert not copy.samefile(original)
    assert copy.read_bytes() == original.read_bytes()


def test_a_checkpoint_of_another_version_is_refused(relation_checkpoints, tmp_path):
    link_folder(relation_checkpoints, tmp_path / "old")
    path = tmp_path / "old/fold_1/relation.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"new": 1}))
    with pytest.raises(ValueError, match=r"relation.json does not fit: new"):
        export(tmp_path / "old", tmp_path / "exported")
