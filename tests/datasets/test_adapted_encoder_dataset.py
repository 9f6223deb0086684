"""The adapted encoder's folder, and the resume state that goes once it is whole."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.adapted_encoder import AdaptedEncoderDataset


class Encoder:
    def __init__(self, scratch, error=None):
        self.scratch, self.error = scratch, error

    def save_pretrained(self, folder):
        assert (self.scratch / "state").is_file()
        if self.error:
            raise self.error
        (folder / "model.safetensors").write_bytes(b"weights")


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "state").write_bytes(b"hours of work")
    return tmp_path / "scratch"


@pytest.fixture
def dataset(tmp_path, scratch):
    return AdaptedEncoderDataset(filepath=str(tmp_path / "adapted"), scratch=str(scratch))


def test_the_resume_state_goes_once_the_encoder_is_stored(dataset, scratch, tmp_path):
    dataset.save(Encoder(scratch))
    assert dataset.load() == tmp_path / "adapted"
    assert not scratch.exists()


def test_it_stays_when_the_encoder_could_not_be_stored(dataset, scratch):
    with pytest.raises(DatasetError):
        dataset.save(Encoder(scratch, OSError("No space left on device")))
    assert (scratch / "state").is_file()
    assert not dataset.exists()


def test_a_missing_encoder_says_how_to_make_it(dataset):
    with pytest.raises(DatasetError, match="kedro run --pipelines ingest,clean,adapt"):
        dataset.load()
