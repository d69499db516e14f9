// SPDX-License-Identifier: Apache-2.0
// The hosts and workers that share the ledger: what each runs, since when, and when it was last seen.

import { json } from "./api.js";
import { make, reconcile } from "./elements.js";
import { clock, count, plural, relative } from "./words.js";

const byId = (id) => document.getElementById(id);

/** What each command does, for people. */
const roles = { watch: "Watches folders", serve: "Serves and watches folders", work: "Works for hosts" };

/** When a host was last seen, as far as that matters. */
export function presence(host) {
  const since = `since ${clock(host.since)}`;
  switch (host.state) {
    case "running": return `Runs ${since}, seen ${relative(host.last_seen)}`;
    case "draining": return `Is stopping, seen ${relative(host.last_seen)}`;
    case "stopped": return `Stopped ${relative(host.last_seen)}`;
    default: return `Not seen since ${clock(host.last_seen)} (${relative(host.last_seen)})`;
  }
}

/** What a host does, and the jobs that it has in hand. */
export function occupation(host) {
  const folders = host.folders.filter((name) => name !== "").length;
  const parts = [roles[host.role] ?? host.role];
  if (host.role !== "work" && folders > 0) parts.push(plural(folders, "folder"));
  parts.push(`${count(host.jobs)} ${host.jobs === 1 ? "job" : "jobs"} in hand`);
  return parts.join(", ");
}

const isAway = (host) => host.state === "lost" || host.state === "stopped";

/** The sentence above the list. */
export function summary(hosts) {
  const away = hosts.filter((host) => host.state === "lost").length;
  const running = hosts.filter((host) => !isAway(host)).length;
  return `${plural(running, "host")} running${away > 0 ? `, ${count(away)} not seen for more than a minute` : ""}`;
}

function update(card, host) {
  card.dataset.state = host.state;
  card.querySelector(".host-state").textContent = host.state;
  card.querySelector(".host-occupation").textContent = occupation(host);
  card.querySelector(".host-presence").textContent = presence(host);
}

function create(host) {
  return make("li", { className: "host" },
    make("div", { className: "host-head" },
      make("h4", {}, host.name || "without a name"), make("span", { className: "host-state" })),
    make("p", { className: "host-occupation" }), make("p", { className: "host-presence" }));
}

/** Reads the hosts and shows them; nothing for the ledger of one machine. */
export async function showHosts() {
  const { hosts } = await json("GET", "/v1/hosts");
  byId("hosts").hidden = hosts.length === 0;
  byId("host-summary").textContent = summary(hosts);
  reconcile(byId("host-list"), hosts, (host) => host.id, create, update);
}
