# SPDX-License-Identifier: Apache-2.0
import base64
import tempfile
import unittest
import zipfile
from pathlib import Path

from browser import PageTestCase
from service import SAMPLES, gray_png


class FittingTests(PageTestCase):
    """Images dropped, compared, downloaded."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="snug-page-files-"))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_images_are_fitted_and_a_broken_one_says_why(self):
        page = self.open()
        broken = self.file("broken<img src=x>.jpg", (SAMPLES / "photo.jpg").read_bytes()[:400])
        self.add_images(page, SAMPLES / "photo.jpg", SAMPLES / "alpha.png", broken)
        self.assertEqual(page.inner_text("#counts"), "2 images done, 1 failed")
        row = page.locator(".row", has_text="photo.jpg")
        self.assertRegex(row.locator(".state").inner_text(), r"452 kB → \d\d\.\d kB")
        self.assertRegex(row.locator(".saving").inner_text(), r"−8\d %")
        failed = page.locator('.row[data-state="failed"]')
        self.assertEqual(failed.locator(".name").inner_text(), "broken<img src=x>.jpg")
        self.assertIn("incomplete", failed.locator(".state").inner_text())
        self.assertTrue(failed.get_by_role("button", name="Try again: broken").is_visible())
        page.wait_for_selector("#announcer:has-text('2 images done, 1 failed')", state="attached")

    def test_files_that_a_person_chose_are_never_left_out_and_the_focus_stays_with_them(self):
        page = self.open()
        files = [self.file("empty.jpg", b""), self.file(".hidden.jpg", b"xx"), self.file("a\u202egpj.exe", b"xx")]
        self.add_images(page, *files)
        self.assertEqual(page.inner_text("#counts"), "0 images done, 3 failed")
        self.assertIn("The file is empty", page.locator(".row", has_text="empty.jpg").locator(".state").inner_text())
        self.assertEqual(page.locator(".name").first.evaluate("name => getComputedStyle(name).unicodeBidi"), "isolate")
        page.locator(".do-retry").nth(1).focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#all-progress", state="hidden")
        self.assertTrue(self.has_focus(page, ".row:nth-child(2)"))
        page.focus("#retry-failed")
        page.keyboard.press("Enter")
        page.wait_for_selector("#all-progress", state="hidden")
        self.assertTrue(self.has_focus(page, "#counts"))

    def test_dropped_files_are_taken_anywhere_on_the_page(self):
        page = self.open()
        self.drop(page, "dropped.png", base64.b64encode((SAMPLES / "alpha.png").read_bytes()).decode())
        page.wait_for_selector('.row[data-state="done"]')
        self.assertEqual(page.inner_text(".row .name"), "dropped.png")
        self.assertNotIn("dropping", page.get_attribute("body", "class"))

    def test_one_and_all_are_downloaded_with_the_bytes_that_the_list_names(self):
        page = self.open()
        folder = self.folder / "trip" / "day one"
        folder.mkdir(parents=True)
        for name in ["photo.jpg", "rotated.jpg"]:
            (folder / name).write_bytes((SAMPLES / name).read_bytes())
        # What nobody meant is left out of a folder.
        (folder / "empty.jpg").touch()
        (folder / ".hidden").write_bytes(b"xx")
        page.fill("#limit", "60kB")
        page.set_input_files("#folder", str(self.folder / "trip"))
        page.wait_for_selector("#all-progress", state="hidden")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download photo.jpg").click()
        one = self.folder / "one.jpg"
        download.value.save_as(one)
        self.assertLessEqual(one.stat().st_size, 60_000)
        self.assertEqual(one.read_bytes()[:2], b"\xff\xd8")
        with page.expect_download() as download:
            page.click("#download-all")
        download.value.save_as(self.folder / "all.zip")
        with zipfile.ZipFile(self.folder / "all.zip") as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(sorted(archive.namelist()), ["trip/day one/photo.jpg", "trip/day one/rotated.jpg"])
            self.assertEqual(archive.read("trip/day one/photo.jpg"), one.read_bytes())

    def test_before_and_after_are_compared_by_slider_zoom_and_keys(self):
        page = self.open()
        self.add_images(page, SAMPLES / "photo.jpg", SAMPLES / "alpha.png")
        page.get_by_role("button", name="Compare before and after of photo.jpg").click()
        page.wait_for_selector("#compare-wait", state="hidden")
        before = page.locator("#before")
        self.assertGreater(before.evaluate("image => image.naturalWidth"), 0)
        clip = before.evaluate("image => getComputedStyle(image).clipPath")
        page.locator("#slide").focus()
        page.keyboard.press("Home")
        self.assertNotEqual(before.evaluate("image => getComputedStyle(image).clipPath"), clip)
        self.assertEqual(page.get_attribute("#slide", "aria-valuetext"), "0 % before, 100 % after")
        page.keyboard.press("1")
        self.assertEqual(page.locator("#zoom").evaluate("zoom => zoom.value"), "100 %")
        page.get_by_role("button", name="Next image").click()
        page.wait_for_selector("#compare-wait", state="hidden")
        self.assertEqual(page.inner_text("#compare-title"), "alpha.png")
        page.keyboard.press("Escape")
        self.assertFalse(page.locator("#compare").is_visible())

    def test_a_large_image_is_shown_by_a_preview_of_the_server(self):
        page = self.open()
        large = self.file("large.png", gray_png(4200))
        self.add_images(page, large, limit="1MB")
        page.get_by_role("button", name="Compare before and after of large.png").click()
        page.wait_for_selector("#compare-wait", state="hidden")
        self.assertEqual(page.locator("#before").evaluate("image => image.naturalWidth"), 2048)
        self.assertIn("previews", page.inner_text("#compare-note"))

    def test_everything_is_done_by_keys_alone(self):
        page = self.open()
        page.wait_for_selector("#profile option:nth-child(3)", state="attached")
        self.press_until(page, "Tab", "#limit")
        page.keyboard.type("60kB")
        with page.expect_file_chooser() as chooser:
            self.press_until(page, "Tab", "#choose")
            page.keyboard.press("Enter")
        chooser.value.set_files([str(SAMPLES / "photo.jpg"), str(SAMPLES / "alpha.png")])
        page.wait_for_selector("#all-progress", state="hidden")
        self.press_until(page, "Tab", ".do-compare")
        page.keyboard.press("Enter")
        page.wait_for_selector("#compare-wait", state="hidden")
        page.keyboard.press("Escape")
        self.assertTrue(page.locator(".do-compare").first.evaluate("button => button === document.activeElement"))
        self.press_until(page, "Tab", ".do-remove")
        page.keyboard.press("Enter")
        self.assertEqual(page.locator(".row").count(), 1)
        self.assertTrue(page.locator(".do-remove").evaluate("button => button === document.activeElement"))

    def test_a_limit_that_makes_no_sense_is_said_beside_its_field(self):
        page = self.open()
        self.add_images(page, SAMPLES / "alpha.png", limit="much")
        self.assertEqual(page.get_attribute("#limit", "aria-invalid"), "true")
        self.assertIn("'much'", page.inner_text("#options-fault"))
        page.fill("#limit", "60kB")
        self.assertIsNone(page.get_attribute("#limit", "aria-invalid"))
        page.click("#refit")
        page.wait_for_selector('.row[data-state="done"]')

    def test_limits_are_kept_in_the_address_and_other_limits_fit_again(self):
        page = self.open("/?limit=60kB&keep-size=true")
        page.wait_for_selector("#profile option:nth-child(3)", state="attached")
        self.assertEqual(page.input_value("#limit"), "60kB")
        self.assertTrue(page.is_checked("[name=keep-size]"))
        page.uncheck("[name=keep-size]")
        self.add_images(page, SAMPLES / "photo.jpg", limit="60kB")
        self.assertFalse(page.is_visible("#refit"))
        page.click("#to-jobs")
        page.click("#to-fit")
        self.assertEqual((page.input_value("#limit"), page.locator(".row").count()), ("60kB", 1))
        page.fill("#limit", "20kB")
        page.wait_for_url("**limit=20kB**")
        # Another image with the new limit, and one that is removed, leave the first one as it was.
        self.add_images(page, SAMPLES / "alpha.png", limit="20kB")
        self.assertTrue(page.is_visible("#refit"))
        page.locator(".do-remove").last.click()
        self.assertTrue(page.is_visible("#refit"))
        page.focus("#refit")
        page.keyboard.press("Enter")
        page.wait_for_selector("#all-progress", state="hidden")
        self.assertRegex(page.inner_text(".row .state"), r"→ (1\d\.\d|20\.0|\d\.\d\d) kB")
        self.assertFalse(page.is_visible("#refit"))
        self.assertTrue(self.has_focus(page, "#counts"))
        # A limit that the server refuses loses no result, and the next one is offered.
        page.fill("#limit", "much")
        page.click("#refit")
        page.wait_for_selector("#options-fault:has-text('much')")
        self.assertEqual(page.inner_text("#counts"), "1 image done, 1 with its earlier result")
        self.assertIn("The earlier result is kept", page.inner_text(".row .state"))
        self.assertTrue(page.is_enabled("#download-all") and page.is_visible(".do-download") and page.is_visible("#refit"))
        page.fill("#limit", "20kB")
        self.assertFalse(page.is_visible("#refit"))


if __name__ == "__main__":
    unittest.main()
