# SPDX-License-Identifier: Apache-2.0
import unittest

from browser import PageTestCase


class HostsTests(PageTestCase):
    """The hosts and workers of a fleet."""

    def test_hosts_are_listed_with_what_they_do_and_when_they_were_seen(self):
        page = self.open("/?view=jobs")
        page.wait_for_selector("#live[data-state=live]")
        self.assertFalse(page.is_visible("#hosts"))
        self.service.add_hosts()
        page.reload()
        page.wait_for_selector(".host")
        self.assertEqual(page.inner_text("#host-summary"), "2 hosts running, 1 not seen for more than a minute")
        texts = [host.inner_text() for host in page.locator(".host").all()]
        self.assertEqual(len(texts), 3)
        self.assertIn("cpu1/1", texts[0])
        self.assertIn("Works for hosts, 0 jobs in hand", texts[0])
        self.assertIn("Watches folders, 2 folders", texts[1])
        self.assertIn("Not seen since", texts[2])
        self.assertEqual(page.locator(".host").nth(2).get_attribute("data-state"), "lost")
        # A long name leaves the state on one line.
        heights = [state.bounding_box()["height"] for state in page.locator(".host-state").all()]
        self.assertEqual(len(set(heights)), 1, heights)


if __name__ == "__main__":
    unittest.main()
