"""Pages, figures, leaderboard and ledger of any task; which scores there are is handed in."""
