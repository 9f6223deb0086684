"""A store for results: in memory, in a folder, or an S3 server on this machine."""

import logging
import uuid
from collections.abc import Mapping

import pytest

LOGIN = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}


def client_of(environment: Mapping[str, str]):
    """Return a client for the server of an environment, beside everything under test."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="session")
def s3_server():
    """The environment of a command that speaks to an S3 server with an empty bucket ``team``."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {**LOGIN, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    client_of(environment).create_bucket(Bucket="team")
    yield environment
    server.stop()


@pytest.fixture
def s3_login(s3_server, monkeypatch):
    """The same for what a test does itself."""
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["memory", "file", "s3"])
def bucket(request, tmp_path) -> str:
    """The address of an empty folder in a store of each kind."""
    name = f"klue_{uuid.uuid4().hex[:8]}"
    if request.param == "s3":
        request.getfixturevalue("s3_login")
        return f"s3://team/{name}"
    if request.param == "file":
        (tmp_path / "store").mkdir()
        return f"file://{tmp_path}/store/{name}"
    return f"memory://team/{name}"
