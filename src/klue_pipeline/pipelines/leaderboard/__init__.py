"""Scores and run records of every experiment on disk -> the leaderboard."""

from klue_pipeline.pipelines.leaderboard.pipeline import create_pipeline

__all__ = ["create_pipeline"]
