"""A change of slide in a real browser: from the key to the second frame after it, over every slide of a deck that is opened from a file."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path

TURN_MS = 100
_TURNS = """async () => {
  const times = [];
  for (let n = 0; n < 2 * %d; n++) {
    const began = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: n < %d ? "ArrowRight" : "ArrowLeft", bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - began);
  }
  return times;
}"""


def measure(page: str, slides: int) -> list[tuple[str, float, float | None]]:
    """Rows of (what, measured, limit) for the deck ``page``; none where there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        file = Path(folder) / "deck.html"
        file.write_text(page, encoding="utf-8")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1920, "height": 1080})
        tab.goto(file.as_uri())
        tab.locator("body[data-ready='1']").wait_for(timeout=300_000)
        times = sorted(tab.evaluate(_TURNS % (slides, slides)))
        browser.close()
    return [
        (f"a change of slide, median of {len(times)}, ms", statistics.median(times), TURN_MS),
        ("a change of slide, 95th percentile, ms", times[int(0.95 * len(times))], None),
    ]
