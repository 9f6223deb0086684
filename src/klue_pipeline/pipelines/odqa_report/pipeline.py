"""Answers and gold answers -> how good they are, where they fail, and which experiment is best."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_report.nodes import judge_answers, rank_answers


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the report of the experiment, and the leaderboard of all."""
    return Pipeline(
        [
            node(
                judge_answers,
                inputs=[
                    "odqa.candidates",
                    "odqa.n_best@one",
                    "odqa.answers@one",
                    "odqa.answer_fit",
                    "odqa.run",
                    "odqa.examples",
                    "odqa.gold_passages",
                    "odqa.passage_groups",
                    "odqa.passages",
                    "params:odqa.about",
                    "params:odqa.folds",
                    "params:odqa.answer",
                    "params:odqa.evaluation",
                ],
                outputs=[
                    "odqa.metrics",
                    "odqa.answer_report",
                    "odqa.answer_table",
                    "odqa.risk_coverage_figure",
                    "odqa.answer_page",
                    "odqa.answer_errors_page",
                ],
                name="odqa.judge_answers",
            ),
            node(
                rank_answers,
                inputs=[
                    "odqa.all_answer_reports",
                    "odqa.all_records",
                    "odqa.answer_report",
                    "params:odqa.evaluation",
                ],
                outputs=["odqa.answer_leaderboard", "odqa.answer_leaderboard_page"],
                name="odqa.rank_answers",
            ),
        ]
    )
