"""Hooks of MkDocs: pages of the repository outside of docs/ join the site, and links to them fit.

Pages are written for GitHub, where a link is relative to its file. The same links are made to lead
to the pages of the site here; what leads nowhere stays as it is and fails the strict build.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "README.ko.md": "ko/index.md",
    "CONTRIBUTING.md": "contributing.md",
    "STYLE.md": "style.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Files of the repository, and the page that each becomes."""

_SOURCES = {page: source for source, page in PAGES.items()}
_LINK = re.compile(r"(?<=\]\()(?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside of docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Make links of the repository links of the site."""
    return fit_links(markdown, page.file.src_uri)


def fit_links(markdown: str, page: str) -> str:
    """Rewrite the links of a page to where their targets are on the site.

    Args:
        markdown: The page's text.
        page: Its place on the site, such as ``ko/index.md``.
    """
    folder = PurePosixPath(_SOURCES.get(page, f"docs/{page}")).parent

    def fit(link: re.Match[str]) -> str:
        target = normpath(folder / link["path"])
        place = PAGES.get(target, target.removeprefix("docs/"))
        if place == target:
            return link[0]
        return relpath(place, PurePosixPath(page).parent) + (link["anchor"] or "")

    return _LINK.sub(fit, markdown)
