"""Optuna's figures: all four, whatever a study has, and nothing else changes its look."""

import matplotlib as mpl
import optuna
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

from klue_pipeline.training.tuning.figures import draw_study

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

RATE, LOSS = FloatDistribution(1e-5, 1e-2, log=True), CategoricalDistribution(["ce", "focal"])
GAMMA = FloatDistribution(0, 3)


def study_of(*trials):
    study = optuna.create_study(direction="maximize")
    for value, params in trials:
        drawn = {"x.rate": RATE, "x.loss": LOSS, "x.gamma": GAMMA}
        study.add_trial(create_trial(
            state=TrialState.PRUNED if value is None else TrialState.COMPLETE, value=value,
            params=params, distributions={name: drawn[name] for name in params},
        ))  # fmt: skip
    return study


def texts(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


@pytest.fixture
def unchanged():
    """Nothing of the style and no open figure is left behind."""
    before, open_before = dict(mpl.rcParams), plt.get_fignums()
    yield
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == open_before


CONDITIONAL = [
    (0.5, {"x.rate": 1e-4, "x.loss": "ce"}),
    (0.6, {"x.rate": 1e-3, "x.loss": "focal", "x.gamma": 1.0}),
    (None, {"x.rate": 5e-3, "x.loss": "focal", "x.gamma": 2.0}),
    (0.4, {"x.rate": 9e-3, "x.loss": "ce"}),
]


def test_settings_with_conditions_are_drawn(unchanged, tmp_path):
    figures = draw_study(study_of(*CONDITIONAL), "F1")
    assert list(figures) == ["history", "importance", "slices", "parallel"]
    assert all(isinstance(figure, Figure) for figure in figures.values())
    assert not any("No figure" in texts(figure) for figure in figures.values())
    assert figures["history"].axes[0].get_ylabel() == "F1"
    assert {axes.get_xlabel() for axes in figures["slices"].axes} >= {"x.rate", "x.loss", "x.gamma"}
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png", dpi=20)


@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        ([], "0 complete trials, 2 were wanted"),
        (CONDITIONAL[1:3], "1 complete trial, 2 were wanted"),
    ],
)
def test_too_few_trials_are_said_to_be(unchanged, trials, reason):
    for name, figure in draw_study(study_of(*trials), "F1").items():
        assert texts(figure) == f"No figure ({name}): {reason}."


@pytest.mark.parametrize(
    "trials",
    [
        [(0.5, {"x.rate": 1e-4}), (0.5, {"x.rate": 1e-3})],
        [(0.5, {"x.rate": 1e-4}), (0.6, {"x.rate": 1e-4})],
        [(0.5, {"x.rate": 1e-4}), (0.6, {"x.loss": "ce"})],
        [(0.5, {}), (0.6, {})],
    ],
    ids=["one value", "one setting", "nothing in common", "no setting"],
)
def test_whatever_trials_have_in_common_is_drawn(unchanged, trials):
    figures = draw_study(study_of(*trials), "F1")
    assert len(figures) == 4
    assert not any("No figure" in texts(figure) for figure in figures.values())


def test_what_optuna_refuses_to_draw_says_why(unchanged, monkeypatch):
    def refuse(*_, **__):
        plt.style.use("ggplot")
        raise ValueError("cannot compute importances")

    monkeypatch.setattr(optuna.visualization.matplotlib, "plot_param_importances", refuse)
    figures = draw_study(study_of(*CONDITIONAL), "F1")
    assert texts(figures["importance"]) == "No figure (importance): cannot compute importances."
    assert "No figure" not in texts(figures["slices"])
