"""Somebody who types what a page of the documentation says, in a project's folder."""

import re
import runpy
import shlex
from contextlib import chdir, redirect_stdout
from io import StringIO

from mlflow.pyfunc import PyFuncModel, load_model
from mlflow.pyfunc.scoring_server import invocations
from projects import Project

BLOCK = re.compile(
    r"(?:^`(?P<file>[\w./ ]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S
)
SET_UP = ["make setup", ". .venv/bin/activate"]
"""What whoever runs the tests has done already."""


def find_blocks(page: str) -> list[re.Match[str]]:
    """Return the blocks of a page: ``file``, the name above it if there is one, kind and body."""
    return list(BLOCK.finditer(page))


def type_page(project: Project, page: str) -> dict[str, str]:
    """Write the files that a page names, run its Python, and give its commands.

    Returns:
        What was printed, by command; that of Python by ``python``.
    """
    reader, printed = PageReader(project), {}
    for block in find_blocks(page):
        body = block["body"]
        if block["file"]:
            reader.write(block["file"], body)
        elif block["kind"] == "python":
            printed["python"] = reader.python(body)
        elif block["kind"] == "bash":
            for line in body.splitlines():
                if line not in SET_UP:
                    printed[line] = reader.type(line)
    return printed


class PageReader:
    """Somebody who types what the page says, in the project's folder."""

    def __init__(self, project: Project) -> None:
        self.project, self.folder = project, project.folder
        self.served: PyFuncModel | None = None

    def write(self, name: str, body: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")

    def type(self, line: str) -> str:
        program, *arguments = shlex.split(line, comments=True)
        return {"kedro": self.kedro, "mlflow": self.mlflow, "curl": self.curl}[program](*arguments)

    def kedro(self, *arguments: str) -> str:
        done = self.project.kedro(*arguments)
        assert done.code == 0, f"{arguments}\n{done.console}"
        return done.console

    def mlflow(self, *arguments: str) -> str:
        """Load what a server loads; other tests start a server."""
        assert arguments[:3] == ("models", "serve", "-m")
        self.served = load_model(str(self.folder / arguments[3]))
        return ""

    def curl(self, address: str, *options: str) -> str:
        """Ask what a server asks when this arrives."""
        assert address.endswith("/invocations")
        given = dict(zip(options[::2], options[1::2], strict=True))
        content_type = given["-H"].removeprefix("Content-Type: ")
        return invocations(given["-d"], content_type, self.served, None).response

    def python(self, body: str) -> str:
        self.write("typed.py", body)
        with chdir(self.folder), redirect_stdout(StringIO()) as printed:
            runpy.run_path("typed.py")
        return printed.getvalue()
