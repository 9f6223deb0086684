"""Passwords are hidden wherever an address may be shown."""

import logging

import pytest

from klue_pipeline import passwords
from klue_pipeline.passwords import hide_in_error, without_passwords


@pytest.mark.parametrize(
    "text",
    [
        "http://user:SECRET@127.0.0.1:9/api failed",
        "postgresql+psycopg2://kim:SEC@RET@db.example/mlflow",
        "mysql://kim:SEC/RET@db/x?ssl=1",
        "https://:SECRET@host/",
        "a=http://u:SECRET@h,b=http://u:SECRET@h",
        "https://host/?password=SECRET&page=2",
        "https://host/?x=1&Access_Token=SECRET",
        "https://blob/?sv=1&sig=SECRET&se=2",
        "https://bucket/?X-Amz-Signature=SECRET",
        "could not connect: host=db user=kim password=SECRET",
        "{'uri': 'x', 'password': 'SECRET', 'user': 'kim'}",
        "headers: Authorization: Basic SECRET",
    ],
)
def test_no_password_is_left(text):
    shown = without_passwords(text)
    assert "SEC" not in shown
    assert "RET" not in shown
    assert passwords.HIDDEN in shown
    assert without_passwords(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:////home/a:b@c/mlflow.db",
        "http://127.0.0.1:5000/#/experiments/1/runs/a@b",
        "training.max_tokens=96, tokens: 3, token: 'x'",
        "org:members @ * 사람 * 이순신 @ 12:30",
    ],
)
def test_what_is_no_password_stays(text):
    assert without_passwords(text) == text


def test_an_error_and_its_causes_are_cleaned_for_tracebacks():
    error = ValueError(3, "http://u:SECRET@h")
    error.__cause__ = OSError("http://u:SECRET@h refused")
    error.__cause__.__context__ = error  # a circle ends
    hide_in_error(error)
    assert error.args == (3, "http://u:***@h")
    assert error.__cause__.args == ("http://u:***@h refused",)


def test_log_lines_of_every_library_are_cleaned(monkeypatch, caplog):
    factory = logging.getLogRecordFactory()
    try:
        logging.setLogRecordFactory(logging.LogRecord)
        passwords.hide_in_logs()
        once = logging.getLogRecordFactory()
        passwords.hide_in_logs()
        assert logging.getLogRecordFactory() is once
        with caplog.at_level(logging.WARNING):
            logging.getLogger("urllib3").warning("retry %s of %s", 2, "http://u:SECRET@h")
            logging.getLogger("urllib3").warning("%d wrong", 1)
    finally:
        logging.setLogRecordFactory(factory)
    hidden, plain = caplog.records
    assert hidden.getMessage() == "retry 2 of http://u:***@h"
    assert plain.args == (1,)
