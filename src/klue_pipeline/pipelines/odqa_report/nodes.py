"""Judge runs against gold passages, and compare experiments."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.odqa.retrieval_report import leaderboard, pages
from klue_pipeline.odqa.retrieval_report.report import Judged, judge
from klue_pipeline.odqa.settings.odqa_params import OdqaAboutParams, OdqaEvaluationParams
from klue_pipeline.odqa.settings.retriever_params import RetrievalParams
from klue_pipeline.runs.run_records import parse_records
from klue_pipeline.runs.run_summary import summarise_run

Loaders = Mapping[str, Callable[[], Any]]
