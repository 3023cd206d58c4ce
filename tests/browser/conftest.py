"""A headless Chromium by command line; a copied page with a script that writes its findings."""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-dev-shm-usage")  # fmt: skip
CATCH = """<script>
window.faults = [];
window.addEventListener("error", e => faults.push("error: " + (e.message || e.target.src)), true);
window.addEventListener("securitypolicyviolation", e => faults.push("asked: " + e.blockedURI));
for (const kind of ["error", "warn"])
  console[kind] = (...a) => faults.push(kind + ": " + a.join(" "));
</script>"""
TELL = """<script>window.addEventListener("load", () => {
  let found;
  try { found = (() => { %s })(); } catch (e) { found = {fault: String(e)}; }
  parent.postMessage(JSON.stringify({found, faults}), "*");
});</script>"""
#: A window is never narrower than 500 px, so the page is shown in a frame of the width asked for.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><script>
window.addEventListener("message", e => {
  const said = document.createElement("pre");
  said.id = "found-by-the-test";
  said.textContent = e.data;
  document.body.append(said);
});</script><iframe src="page.html" style="border:0;width:%dpx;height:900px"></iframe></body>"""
#: Anything that the page asks of another host (or file) becomes a fault.
ALONE = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
)

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser on this machine."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no headless browser on PATH ({', '.join(NAMES)})")
    return found


@pytest.fixture(scope="session")
def examples(chromium: str) -> ModuleType:
    """Writers of small results folders; nothing is written where no browser is."""
    assert chromium
    path = Path(__file__).parents[1] / "report" / "conftest.py"
    spec = spec_from_file_location("report_examples", path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture(scope="session")
def browse(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run the browser with arguments on a page; return what it prints."""
    profile = tmp_path_factory.mktemp("profile")

    def run(page: Path, *arguments: str) -> str:
        done = subprocess.run(
            [chromium, *FLAGS, f"--user-data-dir={profile}", *arguments, page.as_uri()],
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def ask(browse: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Open a copy of a page at a width and return what a script finds in it."""
    folder = tmp_path_factory.mktemp("asked")

    def run(page: Path, script: str, *, width: int = 1400) -> Any:
        text = page.read_text(encoding="utf-8")
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
        text = text.replace("<head>", f"<head>{ALONE}{CATCH}", 1)
        text = text.replace("</body>", TELL % script + "</body>", 1)
        (folder / "page.html").write_text(text, encoding="utf-8")
        outer = folder / "frame.html"
        outer.write_text(FRAME % width, encoding="utf-8")
        shown = browse(outer, f"--window-size={max(width, 500)},1000",
                       "--virtual-time-budget=8000", "--dump-dom")  # fmt: skip
        assert 'id="found-by-the-test"' in shown, "the page did not answer"
        found = shown.rsplit('id="found-by-the-test">', 1)[1].split("</pre>")[0]
        answer = json.loads(html.unescape(found))
        assert answer["faults"] == [], answer["faults"]
        return answer["found"]

    return run
