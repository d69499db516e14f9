# SPDX-License-Identifier: Apache-2.0
import unittest

from browser import PageTestCase
from service import SAMPLES

CONFIGURATION = """
accounts:
  studio: {provider: openai, base_url: "http://127.0.0.1:9/v1"}
folders:
  archive: {inbox: archive/in, outbox: archive/out, fit: {limit: 60kB}}
  paintings: {inbox: paintings/in, outbox: paintings/out, generate: {account: studio, model: gpt-image-1}}
"""


class PipelineTests(PageTestCase):
    """Images that become jobs of the configured folders."""

    configuration = CONFIGURATION

    def choose(self, page, name):
        page.wait_for_selector("#pipeline option:nth-child(3)", state="attached")
        page.select_option("#pipeline", name)

    def test_images_become_jobs_of_the_chosen_folder_and_are_looked_at_from_their_rows(self):
        page = self.open()
        self.choose(page, "archive")
        self.assertIn("archive", page.inner_text("#pipeline-note"))
        self.assertIn("fitted to 60.0 kB", page.inner_text("#pipeline-note"))
        self.assertTrue(page.is_disabled("#limit") and page.is_disabled("#profile"))
        self.assertIn("pipeline=archive", page.url)
        page.set_input_files("#files", [str(SAMPLES / "photo.jpg"), str(SAMPLES / "rotated.jpg")])
        page.wait_for_selector("#all-progress", state="hidden")
        self.assertEqual(page.inner_text("#counts"), "2 images became jobs")
        self.assertEqual(page.locator('.row[data-state="sent"]').count(), 2)
        self.assertTrue(page.is_disabled("#download-all"))
        row = page.locator(".row", has_text="photo.jpg")
        row.get_by_role("link", name="Show the job of photo.jpg").click()
        page.wait_for_selector("#job[open]")
        page.wait_for_selector("#job-content:not([hidden])")
        self.assertIn("photo.jpg", page.inner_text("#job"))
        page.wait_for_selector("#job-state:has-text('elivered')")
        self.assertIn("a watched folder", page.text_content("#list-empty-text"))
        # The images are still there.
        page.keyboard.press("Escape")
        page.click("#to-fit")
        self.assertEqual(page.locator(".row").count(), 2)
        self.assertEqual(page.input_value("#pipeline"), "archive")

    def test_the_same_image_again_is_the_same_job(self):
        page = self.open()
        self.choose(page, "archive")
        for expected in ("is a job now", "was a job already"):
            page.set_input_files("#files", str(SAMPLES / "alpha.png"))
            page.wait_for_selector(f".row .state:has-text('{expected}')")

    def test_a_pipeline_without_a_prompt_asks_for_it_before_anything_is_sent(self):
        page = self.open()
        self.choose(page, "paintings")
        self.assertIn("sent to the generation of studio", page.inner_text("#pipeline-note"))
        self.assertTrue(page.is_visible("#prompt"))
        page.set_input_files("#files", str(SAMPLES / "photo.jpg"))
        page.wait_for_selector("#options-fault:not([hidden])")
        self.assertEqual(page.locator(".row").count(), 0)
        self.assertEqual(page.get_attribute("#prompt", "aria-invalid"), "true")
        page.fill("#prompt", "in oil")
        self.assertTrue(page.is_hidden("#options-fault"))
        page.set_input_files("#files", str(SAMPLES / "wide-gamut.jpg"))
        page.wait_for_selector('.row[data-state="sent"]')

    def test_without_a_pipeline_images_are_fitted_as_before(self):
        page = self.open()
        self.choose(page, "archive")
        self.choose(page, "")
        self.assertTrue(page.is_hidden("#pipeline-note") and page.is_enabled("#limit"))
        self.add_images(page, SAMPLES / "photo.jpg")
        self.assertEqual(page.inner_text("#counts"), "1 image done")

    def test_the_address_has_the_pipeline(self):
        page = self.open("/?pipeline=archive")
        page.wait_for_selector("#pipeline-note:not([hidden])")
        self.assertEqual(page.input_value("#pipeline"), "archive")


class NoPipelineTests(PageTestCase):
    """A server without folders."""

    def test_nothing_is_offered_where_there_is_nothing_to_choose(self):
        page = self.open()
        page.wait_for_selector("#profile option:nth-child(3)", state="attached")
        page.wait_for_load_state("networkidle")
        self.assertTrue(page.is_hidden("#pipeline-field") and page.is_hidden("#prompt-field"))


if __name__ == "__main__":
    unittest.main()
