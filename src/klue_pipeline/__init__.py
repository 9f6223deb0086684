"""Fine-tune encoders on KLUE: relation extraction and open-domain QA as Kedro pipelines."""

__version__ = "0.1.0"
