"""A window of a browser, and what the tests ask of the page that is open in it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
)  # fmt: skip


def missing() -> str:
    """Why there is no browser; empty where there is one."""
    try:
        import axe_core_python  # noqa: F401
        import selenium  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed (it comes with the extra `test`)"
    wanted = {"chromium": browser_path(), "chromedriver": shutil.which("chromedriver")}
    absent = [name for name, path in wanted.items() if path is None]
    if absent:
        return (
            f"no {' and no '.join(absent)} here (Debian: apt-get install chromium chromium-driver)"
        )
    return ""


def browser_path() -> str | None:
    """Chromium, or what goes by another of its names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def need_browser() -> None:
    """Skip where there is no browser; fail where one was promised."""
    why = missing()
    if why and os.environ.get("NNLAB_NEEDS_BROWSER"):
        pytest.fail(f"NNLAB_NEEDS_BROWSER is set, but {why}")
    if why:
        pytest.skip(why)


@contextmanager
def started(profile: Path) -> Iterator[Window]:
    """A browser with a profile folder of its own; it ends with the block."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = str(browser_path())
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    driver.set_script_timeout(120)
    try:
        yield Window(driver)
    finally:
        driver.quit()


class Window:
    """One window; `show` opens a page in it."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    def show(self, page: Path, width: int = 1440, dark: bool = False, scripts: bool = True) -> None:
        """Open a file as a reader with such a screen would."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.medium("screen", scheme)
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        self.console()
        self.requests()
        self.driver.get(page.as_uri())
        # The first page of a browser that has just started may come back half read.
        self.until(lambda: bool(self.ask("return document.readyState === 'complete'")))

    def medium(self, media: str, *features: dict[str, str]) -> None:
        """`screen` or `print`, and what its reader prefers."""
        settings = {"media": media, "features": list(features)}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", settings)

    def ask(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def console(self) -> list[str]:
        """What the console said since it was last asked."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """The addresses requested since it was last asked."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        sent = [e["params"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    def _log(self, kind: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return found

    def marks(self, figure: str) -> list[str]:
        """The drawn lines of a figure, as path data."""
        return self.each(f"{figure} path.line", "getAttribute('d')")

    def each(self, selector: str, what: str) -> list[Any]:
        """A property, or the value of a call, of every element."""
        script = f"return Array.from(document.querySelectorAll(arguments[0]), (e) => e.{what})"
        found: list[Any] = self.ask(script, selector)
        return found

    def visible(self, selector: str) -> int:
        """How many of these elements a reader sees."""
        seen = "checkVisibility() && e.getClientRects().length > 0"
        return sum(self.each(selector, seen))

    def words(self, figure: str) -> str:
        """What a figure's picture is called for a screen reader."""
        script = "return document.querySelector(arguments[0]).getAttribute('aria-label')"
        return str(self.ask(script, f"{figure} svg[role=img]"))

    def until(self, met: Callable[[], bool], patience: float = 10) -> None:
        """Waits for what the browser does in its own time; fails where it does not."""
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.driver, patience, 0.05).until(lambda _: met())

    def click(self, selector: str) -> None:
        """A click by the mouse, where the element is."""
        from selenium.webdriver.common.by import By

        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.ask("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, selector: str, *keys: str) -> None:
        """Keys, pressed in an element."""
        from selenium.webdriver.common.by import By

        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)

    def choose(self, selector: str, value: str) -> None:
        """An entry of a list, by its value."""
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import Select

        Select(self.driver.find_element(By.CSS_SELECTOR, selector)).select_by_value(value)

    def axe(self) -> list[str]:
        """What axe-core finds wrong, with the place."""
        import axe_core_python

        source = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text("utf-8")
        self.ask(source)
        done = "const done = arguments[0]; axe.run(document).then(r => done(r.violations))"
        found = self.driver.execute_async_script(done)
        return [f"{v['id']}: {n['html']}: {n['failureSummary']}" for v in found for n in v["nodes"]]
