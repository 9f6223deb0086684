"""What users give: raw files, splits on the hub, rows to label, and files that may be missing."""
