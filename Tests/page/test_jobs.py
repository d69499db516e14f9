# SPDX-License-Identifier: Apache-2.0
import unittest

from browser import PageTestCase


class JobsTests(PageTestCase):
    """The jobs of real folders: one delivered, one failed, two held because nobody knows whether they were paid for."""

    with_jobs = True

    def counts(self, page):
        return {chip.get_attribute("data-state"): chip.inner_text().split()[-1] for chip in page.locator(".chip").all()}

    def test_1_states_causes_and_what_needs_a_person_are_shown(self):
        page = self.open("/?view=jobs")
        page.wait_for_selector("#live[data-state=live]")
        page.wait_for_selector(".problem")
        self.assertEqual(page.locator(".job").count(), 4)
        counts = self.counts(page)
        self.assertEqual((counts["held"], counts["failed"], counts["delivered"]), ("2", "1", "1"))
        failed = page.locator('.job[data-state="failed"]')
        self.assertIn("broken<b>.jpg", failed.inner_text())
        self.assertIn("not an image", failed.locator(".job-cause").inner_text())
        held = page.locator('.job[data-state="held"]').first
        self.assertIn("charged twice", held.locator(".choices").inner_text())
        self.assertEqual(page.locator(".problem").count(), 2)
        self.assertEqual(page.inner_text("#attention"), "3")
        self.assertIn("watches no folder", page.text_content("#list-empty-text"))
        self.check_many_failures(page)

    def check_many_failures(self, page):
        """More failures than are looked at hide no held job; a card leads to the jobs that it names."""
        job = page.request.get(f"{self.service.url}/v1/jobs?state=failed").json()["jobs"][0]
        failures = {}

        def answer(route):
            job["reason"]["message"] = failures["message"]
            route.fulfill(json={"jobs": [{**job, "id": f"{number}", "name": failures["message"][4:9]} for number in range(200)], "next": "199"})
        page.route("**/v1/jobs?state=failed&limit=200", answer)
        for failures["message"] in ["the first cause of all", "the other cause of all"]:
            page.click('.chip[data-state="held"]')
            page.wait_for_selector(f".problem:has-text('{failures['message'][1:]}')")
        self.assertEqual(page.locator('.problem[data-state="held"]').count(), 1)
        failed = page.locator('.problem[data-state="failed"]')
        self.assertEqual(failed.locator(".problem-jobs").inner_text(), "other and 199 or more others in photos")
        self.assertTrue(page.is_visible("#more-problems"))
        failed.get_by_role("button", name="Show the failed jobs like other").click()
        self.assertIn("text=the+other+cause+of+all", page.url)
        self.assertTrue(self.has_focus(page, "#jobs-title"))
        page.unroute_all(behavior="ignoreErrors")

    def test_2_the_filter_is_in_the_address_and_back_undoes_it(self):
        page = self.open("/?view=jobs")
        page.wait_for_selector(".job")
        page.click('.chip[data-state="failed"]')
        page.wait_for_selector('.job[data-state="held"]', state="detached")
        self.assertIn("state=failed", page.url)
        page.fill("#filter-text", "no such text")
        page.wait_for_selector("#list-none")
        self.assertIn("text=no+such+text", page.url)
        again = self.open(page.url.removeprefix(self.service.url))
        again.wait_for_selector("#list-none")
        self.assertEqual(again.input_value("#filter-text"), "no such text")
        page.go_back()
        page.wait_for_selector(".job")
        self.assertEqual(page.locator(".job").count(), 1)
        page.click("#clear-filter")
        page.wait_for_selector('.job[data-state="held"]')

    def test_3_a_job_shows_its_history_and_its_address_opens_it(self):
        page = self.open("/?view=jobs&state=failed")
        page.click(".job-name")
        page.wait_for_selector("#job-history li")
        self.assertIn("job=", page.url)
        again = self.open(page.url.removeprefix(self.service.url))
        again.wait_for_selector("#job-history li")
        self.assertEqual(again.inner_text("#job-title"), "broken<b>.jpg")
        again.keyboard.press("Escape")
        again.wait_for_selector("#job", state="hidden")
        self.assertNotIn("job=", again.url)

    def test_3b_no_dialog_stays_open_over_the_other_view(self):
        page = self.open()
        page.click("#to-jobs")
        page.locator(".job-name").first.click()
        page.wait_for_selector("#job[open]")
        page.go_back()
        page.wait_for_selector("#fit-view")
        self.assertEqual(self.opened(page), [])
        page.go_forward()
        page.wait_for_selector("#job[open]")
        self.drop(page, "empty.png")
        page.wait_for_selector('.row[data-state="failed"]')
        self.assertEqual(self.opened(page), [])
        page.click("#to-jobs")
        page.click("#pause-all")
        page.go_back()
        page.wait_for_selector("#fit-view")
        self.assertEqual(self.opened(page), [])

    def test_4_a_pause_shows_its_end_and_is_lifted(self):
        page = self.open("/?view=jobs")
        page.get_by_role("button", name="Pause folder photos").click()
        page.get_by_label("For 8 hours").check()
        page.locator("#pause").get_by_role("button", name="Pause").click()
        hold = page.locator("#holds .hold")
        hold.wait_for()
        self.assertRegex(hold.inner_text(), r"Folder photos is paused until (\d+ \w+, )?\d\d:\d\d \(in 8 h\)")
        hold.get_by_role("button", name="Resume folder photos").click()
        hold.wait_for(state="detached")

    def test_5_a_held_job_is_given_up_by_keys_alone_after_a_question(self):
        page = self.open("/?view=jobs&state=held")
        page.wait_for_selector('.job[data-state="held"]')
        self.press_until(page, "Tab", '.job [data-action="drop"]')
        page.keyboard.press("Enter")
        page.wait_for_selector("#confirm")
        self.assertIn("its result is lost", page.inner_text("#confirm-text"))
        self.press_until(page, "Tab", "#confirm-yes")
        page.keyboard.press("Enter")
        page.wait_for_selector("#message:has-text('given up')")
        page.wait_for_selector("#announcer:has-text('given up')", state="attached")
        page.locator('.chip[data-state="held"]', has_text="1").wait_for()
        self.assertEqual(page.locator('.job[data-state="held"]').count(), 1)
        # The next job of the list has the focus.
        self.assertTrue(self.has_focus(page, ".job-name"))

    def test_6_a_decision_is_carried_out_for_everything_that_matches(self):
        page = self.open("/?view=jobs&state=failed")
        page.wait_for_selector(".job")
        page.locator("#bulk").get_by_role("button", name="Retry 1 failed").click()
        page.locator("#confirm-yes").click()
        page.wait_for_selector("#message:has-text('1 job retried')")
        page.wait_for_selector("#list-none")
        self.assertTrue(self.has_focus(page, "#jobs-title"))
        # Its cause is gone with it.
        page.wait_for_selector('.problem[data-state="failed"]', state="detached")

    def test_7_without_a_server_the_page_says_so_and_comes_back(self):
        page = self.open("/?view=jobs")
        page.wait_for_selector("#live[data-state=live]")
        page.context.set_offline(True)
        page.click('.chip[data-state="delivered"]')
        page.wait_for_selector("#list-failure:has-text('cannot be reached')")
        page.context.set_offline(False)
        page.click("#list-again")
        page.wait_for_selector('.job[data-state="delivered"]')


if __name__ == "__main__":
    unittest.main()
