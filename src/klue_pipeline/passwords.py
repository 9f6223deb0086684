"""Passwords and tokens stay out of whatever is shown or stored: messages, tags, log lines, records.

One rule for every text, so that nobody has to know which library put an address into its message.
"""

import logging
import re

HIDDEN = "***"

_IN_ADDRESSES = re.compile(
    r"""(?P<before>://[^\s:/@'"]*:)        # scheme and user
    (?:[^\s/'"]*                           # the password, which may hold an @ ...
      |(?!\d+/)[^\s@'"]*)                  # ... or, for databases, a slash; a port is none
    (?=@)""",
    re.VERBOSE,
)
_LOGIN = re.compile(r"(?<=://)[^/]*@")
_NAMES = r"[\w.-]*(?:password|passwd|pwd|passphrase|token|secret|signature|api_?key|access_?key)"
_IN_QUERIES = re.compile(rf"(?P<before>[?&;](?:{_NAMES}|sig)[\w.-]*=)[^&;\s'\"]+", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"""(?P<before>\b\w*(?:password|passwd|pwd)["']?\s*[=:]\s*["']?)[^\s&;,'"}]+""", re.IGNORECASE
)
_IN_HEADERS = re.compile(
    r"""(?P<before>\bauthorization["']?\s*[:=]\s*["']?(?:basic|bearer)\s+)[^\s'"]+""", re.IGNORECASE
)


def without_passwords(text: str) -> str:
    """Hide every password and token in a text.

    >>> without_passwords("no answer from postgresql://kim:secret@db.example/mlflow")
    'no answer from postgresql://kim:***@db.example/mlflow'
    >>> without_passwords("https://host/api?token=abc&page=2")
    'https://host/api?token=***&page=2'
    """
    for pattern in (_IN_ADDRESSES, _IN_QUERIES, _IN_HEADERS, _IN_WORDS):
        text = pattern.sub(rf"\g<before>{HIDDEN}", text)
    return text


def without_login(address: str) -> str:
    """Leave user and password out of an address that somebody is to open.

    >>> without_login("https://kim:***@mlflow.example/team")
    'https://mlflow.example/team'
    """
    return _LOGIN.sub("", address)


def hide_in_error(error: BaseException) -> None:
    """Hide passwords in the texts of an error and of those that led to it.

    A traceback would otherwise show what our own message leaves out.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.args = tuple(_hide(value) for value in link.args)
        if isinstance(text := getattr(link, "message", None), str):  # of MLflow's errors
            link.message = without_passwords(text)  # type: ignore[attr-defined]
        link = link.__cause__ or link.__context__


def _hide(value: object) -> object:
    return without_passwords(value) if isinstance(value, str) else value


def hide_in_logs() -> None:
    """Hide passwords in every log line of this process, whichever library writes it."""
    make_record = logging.getLogRecordFactory()
    if getattr(make_record, "hides_passwords", False):
        return

    def make_hiding(*args: object, **kwargs: object) -> logging.LogRecord:
        record: logging.LogRecord = make_record(*args, **kwargs)
        _hide_in_record(record)
        return record

    make_hiding.hides_passwords = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_hiding)


def _hide_in_record(record: logging.LogRecord) -> None:
    """Change a line only if something is hidden: its arguments are for its handlers to see."""
    if record.exc_info and record.exc_info[1]:
        hide_in_error(record.exc_info[1])
    try:
        line = record.getMessage()
    except (TypeError, ValueError):  # a wrong call of the logger, which logging itself reports
        return
    if (shown := without_passwords(line)) != line:
        record.msg, record.args = shown, None
