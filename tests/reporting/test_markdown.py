"""Text from data in Markdown, read back by a parser of CommonMark with tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markdown_it import MarkdownIt

from klue_pipeline.reporting.markdown import code_text, escape_markdown, render_markdown

HOSTILE = [
    "a|b<script>alert(1)</script>",
    "`per:title` ``x``",
    "한 줄\n| 또 | 한 줄 |\n\n# 제목",
    "**굵게** _기울임_ ~~지움~~ [글](http://x) ![그림](y)",
    r"\| \` \\ &lt; &#124; <!-- -->",
]
READER = MarkdownIt("commonmark").enable("table")


def shown(line):
    """What a reader sees of a table's only cell, and the kinds of everything in it."""
    [*_, cell] = [
        token for token in READER.parse(f"| label |\n|---|\n| {line} |\n") if token.type == "inline"
    ]
    return "".join(part.content for part in cell.children), {part.type for part in cell.children}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text):
    seen, kinds = shown(escape_markdown(text))
    assert seen == " ".join(text.split())
    assert kinds <= {"text", "text_special"}


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"))))
def test_any_text_is_one_cell_that_shows_it(text):
    wanted = " ".join(text.split())
    tokens = READER.parse(f"| label |\n|---|\n| x{escape_markdown(text)} |\n")
    assert [token.type for token in tokens].count("td_open") == 1
    assert shown(f"x{escape_markdown(text)}")[0] == " ".join(f"x{wanted}".split())


def test_code_has_no_backticks_and_one_line():
    assert code_text("a`b\n```\nc") == "ab c"


def test_a_template_wants_all_of_its_values():
    with pytest.raises(UndefinedError):
        render_markdown("model_card")
