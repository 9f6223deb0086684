"""Configuration files that cannot be read are named, and so is a folder that is missing."""

import pytest
from kedro.config import MissingConfigException

from klue_pipeline.runs.configuration import ConfigurationLoader
from klue_pipeline.runs.experiments import WrongShapeError, resolve_experiment
from klue_pipeline.settings import CONFIG_LOADER_ARGS

KOREAN = "folds: {why: 이유}\n"


@pytest.fixture
def conf(tmp_path):
    for name in ("base", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "base/parameters.yml").write_text("folds: {seed: 1}\nexperiments: {a: {why: x}}\n")
    return tmp_path


def load(conf, env="mine"):
    return ConfigurationLoader(str(conf), env=env, **CONFIG_LOADER_ARGS)["parameters"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (KOREAN.encode("cp949"), "byte 14 is not UTF-8; .*iconv"),
        (KOREAN.encode("utf-16"), "byte 1 is not UTF-8"),
        (b"- a\n", "it holds a list"),
        (b"folds:\n\tseed: 1\n", "line 2: found character that cannot start"),
        (b"folds: {seed: 1}\nfolds: {seed: 2}\n", "line 2: found duplicate key folds"),
        (b"experiments: {a: [1]}\n", r"experiments.a: found \[1\]; name: value"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(conf, content, message):
    (conf / "mine/parameters_zz.yml").write_bytes(content)
    with pytest.raises(ValueError, match=rf"mine/parameters_zz.yml.*{message}"):
        load(conf)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbffolds: {n: 2}\n"])
def test_an_empty_file_and_a_byte_order_mark_are_sound(conf, content):
    (conf / "mine/parameters_zz.yml").write_bytes(content)
    assert load(conf)["folds"] == {"seed": 1, **({"n": 2} if content else {})}


def test_what_is_missing_is_named_with_a_remedy(conf):
    with pytest.raises(MissingConfigException, match=r"no environment 'mien'\. Did you mean mine?"):
        load(conf, "mien")
    with pytest.raises(MissingConfigException, match=r"no \S*nowhere. .*kedro run --conf-source"):
        load(conf / "nowhere")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"experiments": "text"}, "experiments: found 'text'"),
        ({"experiments": {"a": [1]}}, r"experiments.a: found \[1\]"),
        ({"evaluation": 3}, "evaluation: found 3"),
        ({"experiments": {2024: {}}, "experiment": "a"}, "experiment: found 2024; the name"),
    ],
)
def test_one_value_in_the_place_of_settings_is_refused(settings, message):
    with pytest.raises(WrongShapeError, match=message):
        resolve_experiment({"experiment": "a", "experiments": {}, **settings}, {})


def test_a_data_folder_in_a_bucket_is_a_local_one_to_all_who_read_it(conf):
    (conf / "mine/globals.yml").write_text("data_root: s3://team/klue\n")
    (conf / "base/catalog.yml").write_text("labels: {filepath: '${globals:data_root}/labels.json'}")
    loader = ConfigurationLoader(str(conf), env="mine", **CONFIG_LOADER_ARGS)
    assert loader["globals"]["data_root"] == "data/.mirror/s3/team/klue"
    assert loader["catalog"]["labels"]["filepath"] == "data/.mirror/s3/team/klue/labels.json"
    (conf / "mine/globals.yml").write_text("data_root: s3://kim:geheim@team/klue\n")
    with pytest.raises(ValueError, match=r"data_root: found 's3://kim:\*\*\*@team/klue'"):
        ConfigurationLoader(str(conf), env="mine", **CONFIG_LOADER_ARGS)
