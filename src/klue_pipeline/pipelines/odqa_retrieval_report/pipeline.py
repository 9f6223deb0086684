"""Runs and gold links -> how good retrieval is, and what it misses."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_retrieval_report.nodes import judge_retrieval, rank_retrieval
from klue_pipeline.runs import topology


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the report of the experiment, and the leaderboard of all."""
    names = list(topology.retrieval().retrievers)
    return Pipeline(
        [
            node(
                judge_retrieval,
                inputs=[
                    "odqa.run",
                    "odqa.fused_run",
                    "odqa.examples",
                    "odqa.gold_passages",
                    "odqa.passage_groups",
                    "odqa.passages",
                    "odqa.fusion_report",
                    "params:odqa.about",
                    "params:odqa.retrieval",
                    "params:odqa.rerank",
                    "params:odqa.evaluation",
                    *(f"odqa.run_{name}" for name in names),
                    *(f"odqa.search_report_{name}" for name in names),
                ],
                outputs=[
                    "odqa.retrieval_report",
                    "odqa.retrieval_table",
                    "odqa.recall_figure",
                    "odqa.retrieval_page",
                    "odqa.misses_page",
                ],
                name="odqa.judge_retrieval",
            ),
            node(
                rank_retrieval,
                inputs=[
                    "odqa.all_retrieval_reports",
                    "odqa.all_records",
                    "odqa.retrieval_report",
                    "params:odqa.evaluation",
                ],
                outputs=["odqa.leaderboard", "odqa.leaderboard_page"],
                name="odqa.rank_retrieval",
            ),
        ]
    )
