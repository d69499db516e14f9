# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium on the page of a running service."""
import os
import shutil
import unittest

from playwright.sync_api import sync_playwright

from service import Service

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class PageTestCase(unittest.TestCase):
    """Opens the page for each test, and fails on any script error and whatever the content policy refuses."""

    with_jobs = False
    token = None
    configuration = None

    @classmethod
    def setUpClass(cls):
        cls.service = Service(cls.with_jobs, cls.token, cls.configuration)
        cls.addClassCleanup(cls.service.close)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def open(self, path="/", **options):
        """A page in a context of its own."""
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(60_000)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None)
        self.addCleanup(lambda: self.assertEqual(errors, []))
        page.goto(self.service.url + path)
        return page

    def add_images(self, page, *files, limit="60kB"):
        """Adds images and waits until each is done or failed."""
        page.wait_for_selector("#profile option:nth-child(3)", state="attached")
        page.fill("#limit", limit)
        page.set_input_files("#files", [str(file) for file in files])
        page.wait_for_selector("#all-progress", state="hidden")

    def opened(self, page):
        """The ids of the dialogs that are open."""
        return page.locator("dialog[open]").evaluate_all("all => all.map(dialog => dialog.id)")

    def has_focus(self, page, selector):
        return page.locator(selector).evaluate_all("all => all.includes(document.activeElement)")

    def drop(self, page, name, content=""):
        """Drops a file on the page; its content is base64."""
        data = page.evaluate_handle("""([name, content]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, { type: "image/png" }));
            return transfer;
        }""", [name, content])
        page.dispatch_event("body", "dragenter", {"dataTransfer": data})
        self.assertIn("dropping", page.get_attribute("body", "class"))
        page.dispatch_event("body", "drop", {"dataTransfer": data})

    def press_until(self, page, key, selector, most=80):
        """Presses a key until an element has the focus."""
        for _ in range(most):
            page.keyboard.press(key)
            if self.has_focus(page, selector):
                return
        self.fail(f"{selector} is not reached by {key}")
