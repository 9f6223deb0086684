"""Numbers that know no task: score tables, intervals, significance, calibration, nesting."""
