"""Where there is no browser the tests say so, and fail where one was promised."""

from __future__ import annotations

import pytest

from tests.browser import window


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.browser.window.shutil.which", lambda name: None)
    monkeypatch.delenv("NNLAB_NEEDS_BROWSER", raising=False)


def test_without_a_browser_the_tests_are_skipped() -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium chromium-driver"):
        window.need_browser()


def test_where_one_was_promised_that_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNLAB_NEEDS_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="NNLAB_NEEDS_BROWSER is set, but no chromium"):
        window.need_browser()
