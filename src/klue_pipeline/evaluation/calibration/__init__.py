"""How far a model's confidence can be believed, and the temperature that mends most of it."""

from klue_pipeline.evaluation.calibration.coverage import area_under_coverage, trace_coverage
from klue_pipeline.evaluation.calibration.reliability import (
    calibration_error,
    expected_calibration_error,
    reliability_table,
    tabulate_confidence,
)
from klue_pipeline.evaluation.calibration.report import report_calibration
from klue_pipeline.evaluation.calibration.temperature import (
    apply_fold_temperatures,
    apply_temperature,
    cross_fitted_temperatures,
    fit_temperature,
    log_loss,
)

__all__ = [
    "apply_fold_temperatures",
    "apply_temperature",
    "area_under_coverage",
    "calibration_error",
    "cross_fitted_temperatures",
    "expected_calibration_error",
    "fit_temperature",
    "log_loss",
    "reliability_table",
    "report_calibration",
    "tabulate_confidence",
    "trace_coverage",
]
