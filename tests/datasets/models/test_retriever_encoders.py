"""The folder of a trained retriever: whole only with both encoders."""

import numpy as np
import pytest
from kedro.io import DatasetError
from safetensors.numpy import save_file

from klue_pipeline.datasets.models.retriever_encoders import RetrieverEncodersDataset


class Encoders:
    """Writes two files of weights."""

    def save_pretrained(self, folder):
        for name in ("p_encoder", "q_encoder"):
            (folder / name).mkdir()
            save_file({"weight": np.zeros(8)}, folder / name / "model.safetensors")


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "scratch" / "checkpoint-1").mkdir(parents=True)
    return RetrieverEncodersDataset(
        filepath=str(tmp_path / "retriever"), scratch=str(tmp_path / "scratch")
    )


def test_a_stored_retriever_is_loaded_by_its_path_and_its_resume_state_goes(dataset, tmp_path):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="No trained retriever"):
        dataset.load()
    dataset.save(Encoders())
    assert dataset.load() == tmp_path / "retriever"
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("name", ["p_encoder", "q_encoder"])
@pytest.mark.parametrize("gone", [True, False])
def test_one_whole_encoder_is_not_enough(dataset, tmp_path, name, gone):
    dataset.save(Encoders())
    path = tmp_path / "retriever" / name / "model.safetensors"
    content = path.read_bytes()
    path.unlink()
    if not gone:
        path.write_bytes(content[:-4])
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="encoder"):
        dataset.load()
