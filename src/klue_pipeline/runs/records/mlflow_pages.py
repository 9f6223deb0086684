"""Addresses of MLflow's pages that show runs of model training.

MLflow 3.17 shows an experiment as one of GenAI, which has no runs, unless the address says
otherwise (``workflowType``) or the reader has chosen so in the browser; it reads no tag for it.
"""

from klue_pipeline.passwords import without_login

LOCAL_SERVER = "http://127.0.0.1:5000"
"""Where ``make mlflow`` answers."""
_KIND = "workflowType=machine_learning"


def server_of(tracking_uri: str) -> str:
    """Return where runs can be looked at: at their server, or for a database where we start one.

    >>> server_of("https://kim:secret@host/m"), server_of("sqlite:///mlflow.db")
    ('https://host/m', 'http://127.0.0.1:5000')
    """
    is_server = tracking_uri.startswith(("http://", "https://"))
    return without_login(tracking_uri) if is_server else LOCAL_SERVER


def experiment_page(experiment_id: str, server: str = LOCAL_SERVER) -> str:
    """Return the page that lists an experiment's runs.

    >>> experiment_page("1")
    'http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning'
    """
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs?{_KIND}"


def run_page(experiment_id: str, run_id: str, server: str = LOCAL_SERVER) -> str:
    """Return the page of one run."""
    return f"{server.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}?{_KIND}"
