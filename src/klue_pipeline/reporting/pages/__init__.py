"""HTML pages that need nothing but themselves: no network, no other file, light and dark.

Templates lie in ``templates/`` and extend ``base.html.j2``, which holds the look that all pages
share. Jinja2 escapes every value, so text from data is shown and never run.
"""

import functools
import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_ESCAPED_IN_SCRIPTS = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def render_page(template: str, **values: Any) -> str:
    """Fill a template with values.

    Args:
        template: Name of a file in ``templates/`` without its ending, such as ``leaderboard``.
        values: What the template names; all of it is escaped where it is text.

    Returns:
        A whole HTML document.

    Raises:
        jinja2.UndefinedError: The template names a value that is not given.
    """
    return _environment().get_template(f"{template}.html.j2").render(values)


def script_json(value: Any) -> Markup:
    r"""Write data for a ``<script type="application/json">`` so that nothing in it ends the script.

    >>> script_json({"sentence": "</script><script>alert(1)"})
    Markup('{"sentence":"\\u003c/script\\u003e\\u003cscript\\u003ealert(1)"}')
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escaped in _ESCAPED_IN_SCRIPTS.items():
        text = text.replace(character, escaped)
    return Markup(text)  # noqa: S704 - escaped above


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["script_json"] = script_json
    return environment
