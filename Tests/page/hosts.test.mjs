// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { occupation, presence, summary } = await page("job-hosts.js");

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const host = (fields) => ({ role: "watch", state: "running", since: ago(7200), last_seen: ago(10), jobs: 1, folders: ["in@a"], ...fields });

test("A host says what it does and what it has in hand", () => {
  assert.equal(occupation(host({})), "Watches folders, 1 folder, 1 job in hand");
  assert.equal(occupation(host({ role: "serve", jobs: 0, folders: [] })), "Serves and watches folders, 0 jobs in hand");
  assert.equal(occupation(host({ role: "work", jobs: 1200 })), "Works for hosts, 1,200 jobs in hand");
  assert.equal(occupation(host({ role: "else", folders: [] })), "else, 1 job in hand");
});

test("A host that is away says since when", () => {
  assert.match(presence(host({})), /^Runs since .*, seen 10 s ago$/);
  assert.match(presence(host({ state: "draining" })), /^Is stopping, seen /);
  assert.match(presence(host({ state: "stopped", last_seen: ago(7200) })), /^Stopped 2 h ago$/);
  assert.match(presence(host({ state: "lost", last_seen: ago(7200) })), /^Not seen since .* \(2 h ago\)$/);
});

test("The summary counts those that run and those that are lost", () => {
  assert.equal(summary([host({})]), "1 host running");
  assert.equal(summary([host({}), host({ state: "draining" }), host({ state: "stopped" })]), "2 hosts running");
  assert.equal(summary([host({ state: "lost" })]), "0 hosts running, 1 not seen for more than a minute");
});
