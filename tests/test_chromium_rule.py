"""The browser tests may be skipped on a desk, with a reason, and never in CI."""

import conftest
import pytest


@pytest.fixture
def no_chromium(monkeypatch):
    monkeypatch.setattr(conftest, "find_chromium", lambda: None)


@pytest.mark.parametrize("ci", [None, "", "false"])
def test_without_chromium_a_desk_skips_and_says_why(no_chromium, monkeypatch, ci):
    monkeypatch.delenv("CI", raising=False) if ci is None else monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match="needs Chromium"):
        conftest.require_chromium()


@pytest.mark.parametrize("ci", ["true", "1"])
def test_without_chromium_ci_fails(no_chromium, monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="needs Chromium .* error"):
        conftest.require_chromium()


def test_a_chromium_named_by_the_environment_goes_first(monkeypatch, tmp_path):
    browser = tmp_path / "my-browser.exe"
    browser.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(browser))
    assert conftest.require_chromium() == str(browser)


def test_a_wrong_name_in_the_environment_is_not_passed_over(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    assert conftest.find_chromium() is None
