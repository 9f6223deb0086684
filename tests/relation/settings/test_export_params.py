"""Licences stay with what they belong to."""

from pathlib import Path

import pytest
import yaml

from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import RawParams

SETTINGS = Path(__file__).parents[3] / "conf/base/parameters_export.yml"


@pytest.fixture
def shipped():
    with SETTINGS.open(encoding="utf-8") as file:
        return ExportParams.model_validate(yaml.safe_load(file)["export"])


@pytest.mark.parametrize(
    ("source", "licence"),
    [
        ("data/01_raw/sample/train.csv", "Apache-2.0"),
        ("data/01_raw/samples/train.csv", None),
        ("my/train.csv", None),
        ("hub:klue:re:train", "CC-BY-SA-4.0"),
        ("hub:klue:re:validation", None),
        ("klue/bert-base", "CC-BY-SA-4.0"),
        ("klue/roberta-large", None),
    ],
)
def test_the_shipped_licences_cover_what_they_name(shipped, source, licence):
    assert shipped.licence_of(source) == licence


@pytest.mark.parametrize("settings", [ExportParams, RawParams])
def test_no_result_is_refused_for_words_or_for_where_a_file_lies(settings):
    """Raw files are told apart by what they hold, which is hashed under the same names."""
    assert settings.results_do_not_depend_on == set(settings.model_fields)


def test_nothing_is_stated_for_the_user(shipped):
    assert set(shipped.licences.model_dump().values()) == {None}
