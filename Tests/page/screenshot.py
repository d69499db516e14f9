# SPDX-License-Identifier: Apache-2.0
"""Makes docs/page.png, the page as an image in the README: run by `make page-image`."""
import sys

from browser import CHROMIUM
from playwright.sync_api import sync_playwright
from service import REPOSITORY, SAMPLES, Service

LARGEST = 150_000
NAMES = ["photo.jpg", "rotated.jpg", "wide-gamut.jpg", "alpha.png", "screenshot.png"]


def main():
    service = Service()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1200, "height": 640}, color_scheme="light")
            page.goto(service.url)
            page.wait_for_selector("#profile option:nth-child(3)", state="attached")
            page.fill("#limit", "60kB")
            page.set_input_files("#files", [str(SAMPLES / name) for name in NAMES])
            page.wait_for_selector("#all-progress", state="hidden")
            for thumbnail in page.locator(".thumb img").all():
                thumbnail.evaluate("image => new Promise(done => { if (image.complete && image.naturalWidth) done(); else image.addEventListener('load', done); })")
            page.evaluate("document.activeElement.blur()")
            target = REPOSITORY / "docs/page.png"
            page.screenshot(path=target)
            browser.close()
    finally:
        service.close()
    if target.stat().st_size > LARGEST:
        sys.exit(f"{target} has {target.stat().st_size} bytes, more than {LARGEST}")


main()
