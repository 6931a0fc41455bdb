# SPDX-License-Identifier: Apache-2.0
"""The pages in a real browser (Debian's Chromium): nothing that axe objects to, and nothing wider than the screen.

Skipped by name where Chromium is not installed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.running import Running, running
from tests.app.story import found

CHROMIUM = Path("/usr/bin/chromium")
PAGES = [
    "/",
    "/proposals",
    "/proposals/P3",
    "/proposals/P4",
    "/votes",
    "/votes/P1/1",
    "/votes/P3/1",
    "/votes/P1/1/rollcall",
    "/decisions",
    "/members",
    "/members/M001",
    "/members/M001/positions",
    "/organs",
    "/organs/plenary",
    "/meetings",
    "/meetings/C1",
    "/articles",
    "/articles/simple",
    "/acts",
    "/acts/0",
    "/keys",
    "/register",
    "/reference",
    "/members/nobody",
]
WIDTHS = (1200, 360)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""On a dark screen only colours differ."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A replay that runs, so that the banner is on every page."""
    story = found(tmp_path_factory.mktemp("site"), members=12, mark="replay").tell()
    with running(story.node) as it:
        yield it
    story.node.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium (/usr/bin/chromium) absent")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright absent")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_page_is_accessible_and_fits(site: Running, browser: Any, lang: str) -> None:
    """No violation of WCAG 2.2 AA or good practice, no sideways scrolling: wide and narrow, light and dark."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python absent").Axe()
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    wrong: list[tuple[str, ...]] = []
    for path in PAGES:
        page.goto(f"{site.url}{path}" + ("" if lang == "en" else f"?lang={lang}"))
        axe.run(page, options=COLOURS)  # puts axe into the page
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme, rules in (("light", RULES), ("dark", COLOURS)):
                page.emulate_media(color_scheme=scheme)
                violations = page.evaluate("options => axe.run(document, options).then(it => it.violations)", rules)
                wrong += [(path, f"{width} {scheme}", each["id"], each["nodes"][0]["html"]) for each in violations]
            across = page.evaluate("document.documentElement.scrollWidth")
            if across > width:
                wrong.append((path, f"{width}", "wider than the screen", str(across)))
    context.close()
    assert not wrong


@pytest.mark.slow
def test_the_policy_lets_the_pages_work_as_they_are(site: Running, browser: Any) -> None:
    """Nothing on any page is blocked by our own content security policy, and nothing comes from elsewhere."""
    page = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES[:-1]:
        page.goto(site.url + path)
    page.close()
    assert said == []
    assert all(url.startswith(site.url) for url in asked)


@pytest.mark.slow
def test_the_keyboard_reaches_the_content_first(site: Running, browser: Any) -> None:
    """The first tab stop skips to the content, and following it moves the focus there."""
    page = browser.new_page()
    page.goto(site.url + "/votes/P1/1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()
