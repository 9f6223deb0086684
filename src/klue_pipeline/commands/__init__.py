"""What the commands of ``klue_pipeline.cli`` do; imported when one of them is called."""
