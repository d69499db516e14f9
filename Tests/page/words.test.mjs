// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { clock, duration, plural, relative, saving, size } = await page("words.js");

test("Sizes have three digits and decimal units, and never 1000 of one unit", () => {
  const table = [
    [0, "0 bytes"], [999, "999 bytes"], [1000, "1.00 kB"], [999_499, "999 kB"], [999_500, "1.00 MB"],
    [9_994_000, "9.99 MB"], [9_996_000, "10.0 MB"], [99_960_000, "100 MB"], [1_500_000_000, "1.50 GB"],
  ];
  for (const [bytes, text] of table) assert.equal(size(bytes), text);
});

test("Savings say which way they go", () => {
  assert.equal(saving(1000, 70), "−93 %");
  assert.equal(saving(1000, 1100), "+10 %");
  assert.equal(saving(1000, 999), "±0 %");
});

test("Time spans have two units at most", () => {
  const table = [[4, "4 s"], [59.4, "59 s"], [60, "1 min"], [3599, "1 h"], [5400, "1 h 30 min"], [7200, "2 h"], [60 * 3600 * 2, "5 days"]];
  for (const [seconds, text] of table) assert.equal(duration(seconds), text);
});

test("Moments are told from now, and by the clock with the date only on other days", () => {
  const now = new Date(2026, 10, 29, 12, 0).getTime();
  assert.equal(relative(now - 300_000, now), "5 min ago");
  assert.equal(relative(now + 5_400_000, now), "in 1 h 30 min");
  assert.equal(relative(now - 2000, now), "now");
  assert.equal(clock(new Date(2026, 10, 29, 18, 5), now), "18:05");
  assert.equal(clock(new Date(2026, 10, 30, 8, 0), now), "30 Nov, 08:00");
  assert.equal(clock(new Date(2027, 0, 2, 8, 0), now), "2 Jan 2027, 08:00");
});

test("One is singular, and large numbers have separators", () => {
  assert.equal(plural(1, "job"), "1 job");
  assert.equal(plural(100_000, "job"), "100,000 jobs");
});
