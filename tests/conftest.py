"""What several test files share."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

# The networks are small: threads of the linear algebra would only get into each other's way. The kernels inherit this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Names on the PATH, then the places where macOS and Windows keep them.
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_FILES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)


def find_chromium():
    """Return the path of an installed Chromium or Chrome, or None. The environment variable CHROMIUM goes first."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    return found or next((path for path in CHROMIUM_FILES if Path(path).is_file()), None)


def require_chromium():
    """Return the path of a Chromium that Playwright can drive.

    Where there is none, a developer's run skips the test and says why; where the variable CI is set, the test fails, so
    that no CI can stay green without having opened a browser.
    """
    path = find_chromium()
    if path is not None and importlib.util.find_spec("playwright") is not None:
        return path
    missing = "Playwright (requirements-dev.txt)" if path else "Chromium (or set CHROMIUM to its path)"
    reason = f"needs {missing}"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"{reason}; with CI set this is an error", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium for `executable_path=`; see require_chromium for what happens without one."""
    return require_chromium()
