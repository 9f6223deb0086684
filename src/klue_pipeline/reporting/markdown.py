r"""Markdown documents whose values are escaped: text from data is shown and never formats anything.

Templates lie beside those of the pages. Values may stand anywhere in a line but at its start, where
Markdown reads more than these escapes hold off.
"""

import functools
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_SPECIAL = re.compile(r"([\\`*_\[\]|~$!])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escape_markdown(text: str) -> Markdown:
    r"""Write text so that Markdown and HTML show it as it is, in one line, also in a table.

    >>> escape_markdown("a|b<script>\n`per:title`")
    'a\\|b&lt;script&gt; \\`per:title\\`'
    """
    in_one_line = " ".join(text.split())
    for character, entity in _ENTITIES.items():
        in_one_line = in_one_line.replace(character, entity)
    return Markdown(_SPECIAL.sub(r"\\\1", in_one_line))


def code_text(text: str) -> Markdown:
    """Write a name into a block of code or between backticks, which know no escapes.

    >>> code_text("typed_`punct`")
    'typed_punct'
    """
    return Markdown(" ".join(text.replace("`", "").split()))


def render_markdown(template: str, **values: Any) -> str:
    """Fill a template with values.

    Args:
        template: Name of a file in ``pages/templates/`` without its endings, such as
            ``model_card``.
        values: What the template names. All of it is escaped but what is :class:`Markdown` already.

    Raises:
        jinja2.UndefinedError: The template names a value that is not given.
    """
    return _environment().get_template(f"{template}.md.j2").render(values)


@functools.cache
def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - escapes for Markdown, by finalize
        loader=PackageLoader("klue_pipeline.reporting.pages"),
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = code_text
    return environment


def _finalize(value: Any) -> str:
    return value if isinstance(value, Markdown) else escape_markdown(str(value))
