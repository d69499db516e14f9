// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { address, countOf, inWords, readFilter } = await page("job-filter.js");
const { actionsOf, bulkActionsOf } = await page("job-actions.js");
const { commonText, groups, others } = await page("job-problems.js");
const { Rates } = await page("rates.js");

const books = [
  { folder: "a", delivered: 90, failed: 3, held: 1, cancelled: 0, waiting: 12, running: 2, paused: 4 },
  { folder: "b", delivered: 10, failed: 1, held: 0, cancelled: 5, waiting: 0, running: 0, paused: 0 },
];
const job = (fields) => ({ state: "held", step: "submit", outcome_unknown: false, account: "x", options: { stages: ["fit"] }, payload: {}, ...fields });
const names = (actions) => actions.map((action) => action.name);

test("A filter survives the address, and what is no state of a job is left out", () => {
  const filter = readFilter("?view=jobs&state=failed,nonsense,held&folder=a%26b&text=10%25&before=01abc");
  assert.deepEqual(filter, { states: ["held", "failed"], folder: "a&b", account: "", text: "10%", since: "", before: "01abc" });
  assert.deepEqual(readFilter(address(filter)), filter);
  assert.equal(inWords(filter), "all held or failed jobs in folder a&b with “10%” in the name or the reason");
  assert.equal(inWords(readFilter("?state=failed"), 1), "1 failed job");
});

test("Counts are those of states and folders, and unknown under other conditions", () => {
  assert.equal(countOf(readFilter(""), books), 90 + 3 + 1 + 12 + 10 + 1 + 5);
  assert.equal(countOf(readFilter("?state=waiting&folder=a"), books), 12 - 2 - 4);
  assert.equal(countOf(readFilter("?state=failed"), books), 4);
  assert.equal(countOf(readFilter("?state=failed&text=x"), books), null);
});

test("A submission that may have been paid for is never retried, only paid again or given up, and both ask first", () => {
  const unknown = job({ outcome_unknown: true });
  assert.deepEqual(names(actionsOf(unknown)), ["pay-again", "drop"]);
  assert.ok(actionsOf(unknown).every((action) => action.asks));
  assert.match(actionsOf(unknown)[0].cost, /account x is charged twice/);
  const upload = actionsOf(job({ outcome_unknown: true, options: { stages: ["fit", "upload"] } }));
  assert.deepEqual(names(upload), ["pay-again", "drop"]);
  assert.ok(upload.every((action) => action.asks && !/charged|paid/.test(action.cost)));
  assert.deepEqual(names(actionsOf(job({ outcome_unknown: true, step: "reconcile" }))), ["retry", "pay-again", "drop"]);
  assert.deepEqual(names(actionsOf(job({ outcome_unknown: true, state: "cancelled" }))), ["pay-again"]);
});

test("A retry costs a generation exactly where the submission is still to come", () => {
  const cost = (fields) => actionsOf(job({ state: "failed", options: { stages: ["fit", "generate"] }, ...fields }))[0];
  assert.equal(cost({ step: "fit" }).isPaid, true);
  assert.equal(cost({ step: "submit" }).isPaid, true);
  assert.match(cost({ step: "collect" }).cost, /nothing more/);
  assert.equal(cost({ step: "fit", options: { stages: ["fit"] } }).isPaid, undefined);
});

test("Decisions about all are those about the chosen states; without any, only the ways back to work", () => {
  const offered = (search) => bulkActionsOf(readFilter(search)).map((action) => [action.name, action.states.join()]);
  assert.deepEqual(offered(""), [["retry", "failed"], ["resume", "paused"]]);
  assert.deepEqual(offered("?state=waiting,paused"), [["resume", "paused"], ["pause", "waiting"], ["cancel", "waiting,paused"]]);
  assert.deepEqual(offered("?state=delivered"), []);
});

test("Jobs of one cause are one problem, found again by what their messages share", () => {
  const failed = (code, message) => job({ state: "failed", folder: "a", reason: { code, message } });
  const jobs = [failed("full", "the disk is full at 12:00"), failed("broken", "not an image"), failed("full", "the disk is full at 12:07")];
  assert.deepEqual(groups(jobs).map((group) => group.jobs.length), [2, 1]);
  assert.deepEqual(groups(jobs).map(others), [" and 1 more", ""]);
  // No number is said that was not counted.
  assert.deepEqual(groups(jobs, true).map(others), [" and 1 or more others", " and perhaps others"]);
  assert.equal(commonText([jobs[0], jobs[2]]), "the disk is full at 12:0");
  assert.equal(commonText([jobs[0], jobs[1]]), "");
});

test("A speed is what was delivered in the last two minutes", () => {
  const rates = new Rates();
  const at = (seconds, delivered) => rates.add([{ folder: "a", delivered }], seconds * 1000);
  at(0, 0);
  assert.equal(rates.perMinute("a", 1000), null);
  at(60, 600);
  assert.equal(rates.perMinute("a", 60_000), 600);
  at(180, 660);
  assert.equal(rates.perMinute("a", 180_000), 30);
  assert.equal(rates.perMinute("b", 180_000), null);
});
