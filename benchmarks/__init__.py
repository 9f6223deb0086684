"""Speed of the project as ratios, each measured side by side in one run."""
