"""An extension of Griffe: docstrings of this project as Markdown, for the API page of the site."""

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|meth|func|mod):(?=`)")
_LITERAL = re.compile(r"::$", re.MULTILINE)
_DOCTEST = re.compile(r"^>>> .*\n?(?:.+\n?)*", re.MULTILINE)


class MarkdownDocstrings(griffe.Extension):
    """Fences doctests and takes away what only Sphinx reads."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(docstring: str) -> str:
    """Return a docstring as Markdown: doctests in fences, no roles of Sphinx."""
    text = _LITERAL.sub(":", _ROLE.sub("", docstring))
    return _DOCTEST.sub(lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", text).rstrip()
