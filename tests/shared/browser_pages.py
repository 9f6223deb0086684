"""Pages opened in a headless browser, with steps that a test takes in them.

A browser takes seconds to start, so that each start looks at all there is to see of one page.
"""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from klue_pipeline.reporting.pages import script_json

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=120000", "--window-size=1400,900",
)  # fmt: skip
TIMEOUT_SECONDS = 120
DRIVER = Path(__file__).with_name("browser_steps.js")


def find_browser():
    """Return a browser; without one the tests are skipped, unless they must run."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        end = pytest.fail if os.environ.get("KLUE_REQUIRE_BROWSER") else pytest.skip
        end(f"none of {', '.join(BROWSERS)} is installed")
    return browser


def take_steps(page, read_row, steps, folder, *, address="", given=None):
    """Open a page, take steps in it and return what these return.

    Args:
        page: The document.
        read_row: A function, in JavaScript, from an entry of the page's list to what is read of it.
        steps: The body of an asynchronous function; see ``browser_steps.js`` for what it can use.
        folder: For page and profile.
        address: What stands behind the file's address.
        given: What the steps may use.
    """
    filled = {"GIVEN;": f"{script_json(given)};", "READ_ROW;": f"{read_row};",
              "{ STEPS }": "{" + steps + "}"}  # fmt: skip
    driver = DRIVER.read_text("utf-8")
    for name, value in filled.items():
        driver = driver.replace(name, value, 1)
    script = f"<script>{driver}</script></body>"
    path = folder / "page.html"
    path.write_text(page.replace("</body>", script), encoding="utf-8")
    finished = subprocess.run(
        [find_browser(), *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom",
         f"{path.as_uri()}{address}"],
        capture_output=True, check=True, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    found = re.search(r'<pre id="result">(.*?)</pre>', finished.stdout.decode(), re.DOTALL)
    assert found, finished.stderr.decode()[-2000:]
    return json.loads(html.unescape(found[1]))
