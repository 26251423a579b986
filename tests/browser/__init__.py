"""The report in a real browser: Chromium without a window, driven by Selenium.

Skipped where there is none; `NNLAB_NEEDS_BROWSER=1`, which CI sets, makes that a failure.
"""
