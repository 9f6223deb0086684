"""Folders that share big files with others."""

from klue_pipeline.training.exporting.linked_folders import link_folder


def test_a_file_that_is_a_symbolic_link_arrives_as_a_file(tmp_path):
    (tmp_path / "store").write_bytes(b"weights")
    (tmp_path / "fold_0").mkdir()
    (tmp_path / "fold_0/model.safetensors").symlink_to(tmp_path / "store")
    link_folder(tmp_path / "fold_0", tmp_path / "linked")
    linked = tmp_path / "linked/model.safetensors"
    assert not linked.is_symlink()
    assert linked.read_bytes() == b"weights"
