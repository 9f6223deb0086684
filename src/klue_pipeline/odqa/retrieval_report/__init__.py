"""What retrievers find and miss: scores, comparisons, slices, figures, pages, the leaderboard."""
