# SPDX-License-Identifier: Apache-2.0
import unittest

from playwright.sync_api import expect

from browser import PageTestCase
from service import SAMPLES


class TokenTests(PageTestCase):
    """A server that asks for a token."""

    token = "0123456789abcdef0123"

    def test_it_is_asked_for_once_and_enter_sends_it(self):
        page = self.open()
        page.wait_for_selector("#ask-token")
        page.fill("#token", "not the right one, certainly")
        page.keyboard.press("Enter")
        # It is asked for again, with an empty field, and says why.
        page.wait_for_selector("#token-refused:has-text('That token was refused.')")
        expect(page.locator("#token")).to_have_value("")
        page.fill("#token", self.token)
        page.keyboard.press("Enter")
        self.add_images(page, SAMPLES / "alpha.png")
        self.assertEqual(page.inner_text("#counts"), "1 image done")

    def test_without_one_the_page_says_what_is_missing(self):
        page = self.open()
        page.wait_for_selector("#ask-token")
        page.locator("#ask-token").get_by_role("button", name="Cancel").click()
        page.wait_for_selector("#profile-note:has-text('token')")
        self.assertEqual(self.opened(page), [])

    def test_cancel_is_an_answer_until_the_person_asks_again(self):
        page = self.open("/?view=jobs")
        page.wait_for_selector("#ask-token")
        page.keyboard.press("Escape")
        page.wait_for_selector("#list-failure:has-text('This server asks for a token, and none was given.')")
        # What the page does every 30 s.
        page.evaluate("import('/assets/job-hosts.js').then((hosts) => hosts.showHosts()).catch(() => {})")
        self.assertEqual(self.opened(page), [])
        page.click("#list-again")
        page.fill("#token", self.token)
        page.keyboard.press("Enter")
        # All of the view is read with it: the events are followed, and there is no job.
        page.wait_for_selector("#live[data-state=live]")
        page.wait_for_selector("#list-empty:has-text('This server watches no folder')")


if __name__ == "__main__":
    unittest.main()
