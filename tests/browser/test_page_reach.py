"""`report.html` in Chromium: it opens from a file, and nothing leaves it or gets into it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import nasty
from tests.browser.window import Window

pytestmark = pytest.mark.machine


@pytest.mark.parametrize("name", ["lines", "grid", "nasty"])
def test_it_opens_from_a_file_and_nothing_leaves_it(
    window: Window, pages: dict[str, Path], name: str
) -> None:
    window.show(pages[name])
    assert window.ask("return document.querySelector('#explore').hidden") is False
    assert window.ask("return document.title") == f"{name} · nnlab"
    asked = window.requests()
    assert asked[0] == pages[name].as_uri()
    assert all(url.startswith(("file:", "data:")) for url in asked)
    window.click("#runs-table tbody tr button")
    assert window.console() == []
    assert window.requests() == []


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths that were asked of it."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


REACH = """
const [address] = arguments;
window.refused = [];
addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(event.effectiveDirective);
});
for (const [tag, key] of [["img", "src"], ["script", "src"], ["iframe", "src"], ["link", "href"]]) {
  const element = document.createElement(tag);
  if (tag === "link") element.rel = "stylesheet";
  element[key] = address + "/" + tag;
  document.body.append(element);
}
const inline = document.createElement("script");
inline.textContent = "document.title = 'harmed'";
document.body.append(inline);
fetch(address + "/fetch").catch(() => window.refused.push("fetch"));
"""


def test_the_policy_stops_whatever_would_reach_out(
    window: Window, pages: dict[str, Path], listener: tuple[str, list[str]]
) -> None:
    address, heard = listener
    window.show(pages["lines"])
    window.ask(REACH, address)
    wanted = {"img-src", "script-src-elem", "style-src-elem", "connect-src", "fetch", "frame-src"}
    window.until(lambda: wanted <= set(window.ask("return window.refused")))
    assert heard == []
    assert window.ask("return document.title") == "lines · nnlab"


def test_names_are_names(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["nasty"])
    assert window.ask("return document.title") == "nasty · nnlab"
    assert window.each("img:not([src^='data:image/png'])", "src") == []
    legend = window.each("#legend", "textContent")[0]
    assert nasty().tables.runs["activation"][2] in legend
    window.click("#runs-table tbody tr:nth-child(3) button")
    assert nasty().tables.runs["activation"][2] in window.each("#run", "textContent")[0]
    assert window.console() == []
