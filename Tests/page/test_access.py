# SPDX-License-Identifier: Apache-2.0
import unittest

from axe_playwright_python.sync_playwright import Axe

from browser import PageTestCase
from service import SAMPLES


class AccessTests(PageTestCase):
    """Every state of the page in both themes and three widths: axe finds nothing, and nothing is wider than the window."""

    with_jobs = True

    def check(self, page, state):
        problems = [
            f"{state}: {violation['id']}: {violation['help']}: {node['html'][:160]}"
            for violation in Axe().run(page).response["violations"] for node in violation["nodes"]
        ]
        self.assertEqual(problems, [])
        excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.assertLessEqual(excess, 0, f"{state} is wider than the window by {excess} px")

    def check_fitting(self, page):
        self.check(page, "no images")
        self.add_images(page, SAMPLES / "photo.jpg", SAMPLES / "alpha.png", SAMPLES / "options.conf")
        self.check(page, "images")
        page.locator(".do-compare:visible").first.click()
        page.wait_for_selector("#compare-wait", state="hidden")
        self.check(page, "comparison")
        page.keyboard.press("Escape")

    def check_jobs(self, page):
        page.click("#to-jobs")
        page.wait_for_selector(".problem")
        page.wait_for_selector(".folder")
        page.wait_for_selector(".host")
        self.check(page, "jobs")
        page.locator(".job-name").first.click()
        page.wait_for_selector("#job-history li")
        self.check(page, "one job")
        page.keyboard.press("Escape")
        page.click("#pause-all")
        self.check(page, "pause")
        page.keyboard.press("Escape")
        page.locator("#bulk button").first.click()
        self.check(page, "confirmation")
        page.keyboard.press("Escape")
        page.fill("#filter-text", "nothing has this")
        page.wait_for_selector("#list-none")
        self.check(page, "no match")

    def test_every_state(self):
        self.service.add_hosts()
        for theme in ["light", "dark"]:
            for width in [390, 820, 1440]:
                with self.subTest(theme=theme, width=width):
                    # The policy of the page would refuse axe as well.
                    page = self.open(viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True)
                    self.check_fitting(page)
                    self.check_jobs(page)


if __name__ == "__main__":
    unittest.main()
