"""`report.html` in Chromium: for every reader: phone, dark, assisted, without scripts, on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.conftest import lines
from tests.browser.window import Window

pytestmark = pytest.mark.machine

PHONE, PAPER, DESKTOP = 390, 718, 1440
"""Widths in pixels; that of paper is A4 between its margins."""

UNFOLD = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (DESKTOP, False)])
@pytest.mark.parametrize("name", ["lines", "grid"])
def test_axe_finds_nothing(
    window: Window, pages: dict[str, Path], name: str, width: int, dark: bool
) -> None:
    window.show(pages[name], width, dark)
    window.click("#runs-table tbody tr button")
    window.ask(UNFOLD)
    assert window.axe() == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("name", ["lines", "grid"])
def test_nothing_is_wider_than_the_screen(
    window: Window, pages: dict[str, Path], name: str, width: int
) -> None:
    window.show(pages[name], width)
    window.click("#runs-table tbody tr button")
    assert window.ask("return document.documentElement.scrollWidth") <= width
    assert (
        window.ask(
            "return Array.from(document.querySelectorAll('.chart svg[role=img]')).filter("
            "(svg) => svg.getAttribute('width') != svg.clientWidth).length"
        )
        == 0
    )  # drawn at the size it has, not shrunk


def test_a_wider_window_draws_wider(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"], PHONE)
    size = "return document.querySelector('#curves svg').clientWidth"
    narrow = window.ask(size)
    window.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": DESKTOP, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    window.until(lambda: window.ask(size) > 2 * narrow)


def test_it_is_complete_without_scripts(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"], scripts=False)
    found = window.driver.page_source
    window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert window.visible("#explore, #run, #runs-tools, nav [hidden], button") == 0
    assert window.visible("#runs-table tbody tr") == lines().tables.runs.height
    assert window.visible("table.claims tr.numbers") == 4
    assert window.visible("figure img") == 2
    assert lines().tables.spec_text.splitlines()[0] in found


def test_paper_gets_everything(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"], PAPER)
    window.press("#runs-words", "relu")
    window.medium("print")
    assert window.visible("#explore, #runs-tools, nav, .copy") == 0
    assert window.visible("#runs-table tbody tr") == lines().tables.runs.height
    assert window.visible("details > pre:not([hidden]), details > .scroll") == 2
    assert window.ask("return document.documentElement.scrollWidth") <= PAPER
    window.medium("screen")


def test_spec_and_environment_are_copied(window: Window, pages: dict[str, Path]) -> None:
    window.show(pages["lines"])
    window.ask("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    window.ask(UNFOLD)
    window.click("#source ~ details .copy")
    assert window.ask("return window.copied") == lines().tables.spec_text
    window.click("#source ~ details ~ details .copy")
    assert json.loads(window.ask("return window.copied")) == dict(lines().tables.environment)
