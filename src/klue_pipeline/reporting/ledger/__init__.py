"""The ledger of submissions: what was predicted for each file, and what the contest said of it.

A row is one file, known by the SHA-256 of its bytes whatever its name. The pipelines write what
they know; a person fills in what came out, in a spreadsheet, and that is never overwritten.
"""
