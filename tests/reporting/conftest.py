"""A page as a reader takes it apart."""

from html.parser import HTMLParser

import pytest


class Page(HTMLParser):
    """The elements of a page, what its links point to, and the cells of its tables by row.

    A cell has its ``attributes``, its ``text`` in one line, parts a blank apart, and the ``tags``
    inside of it.
    """

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.rows, self._cell = [], [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self._cell = {"attributes": attributes, "text": "", "tags": []}
            self.rows[-1].append(self._cell)
        elif self._cell is not None:
            self._cell["tags"].append((tag, attributes))

    def handle_endtag(self, tag):
        if tag in {"td", "th"}:
            self._cell["text"] = " ".join(self._cell["text"].split())
            self._cell = None

    def handle_data(self, text):
        if self._cell is not None:
            self._cell["text"] += f" {text}"

    def texts(self, row):
        return [cell["text"] for cell in self.rows[row]]

    def column(self, title):
        place = [text.startswith(title) for text in self.texts(0)].index(True)
        return [row[place] for row in self.rows[1:]]


@pytest.fixture
def read_page():
    """Return a function that takes an HTML document apart."""
    return Page
