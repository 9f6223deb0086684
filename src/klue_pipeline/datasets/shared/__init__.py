"""What teams exchange: score bundles and submission files in folders that people drop them in."""
