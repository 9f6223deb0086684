"""Results in a bucket: a local folder of the same files, and what keeps the two in step."""
