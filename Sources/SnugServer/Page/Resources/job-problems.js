// SPDX-License-Identifier: Apache-2.0
// What needs a person: the latest failures and held jobs, those of one cause together. They are gone once they are solved.

import { json } from "./api.js";
import { button, make, reconcile } from "./elements.js";
import { badge, causeOf } from "./job-row.js";
import { count, relative } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Jobs that are looked at: the list below has them all. */
const looked = 200;
const maximumShown = 4;

/** Groups jobs by state, folder and code of the cause, newest first. */
export function groups(jobs) {
  const found = new Map();
  for (const job of jobs) {
    const key = [job.state, job.folder, job.reason?.code ?? ""].join("\n");
    const group = found.get(key) ?? { key, state: job.state, folder: job.folder, newest: job, jobs: [] };
    group.jobs.push(job);
    found.set(key, group);
  }
  return [...found.values()];
}

/** The text that the messages of a group begin with, by which the list finds them; empty when it would find others too. */
export function commonText(jobs) {
  const messages = jobs.map((job) => job.reason?.message ?? "");
  let length = 0;
  while (length < messages[0].length && messages.every((message) => message[length] === messages[0][length])) length += 1;
  const text = messages[0].slice(0, length).trim();
  return text.length >= 12 ? text.slice(0, 80) : "";
}

function updateGroup(element, group) {
  const more = group.jobs.length - 1;
  element.querySelector(".problem-state").replaceChildren(badge(group.state));
  element.querySelector(".problem-cause").textContent = causeOf(group.newest) || "No cause is recorded.";
  element.querySelector(".problem-jobs").textContent = more > 0
    ? `${group.newest.name} and ${count(more)} more in ${group.folder}` : `${group.newest.name} in ${group.folder}`;
  element.querySelector("time").textContent = relative(group.newest.since);
}

function createGroup(group, { onFilter }) {
  const show = () => onFilter({ states: [group.state], folder: group.folder, text: commonText(group.jobs) });
  return make("li", { className: "problem", dataset: { state: group.state } },
    make("span", { className: "problem-state" }),
    make("div", {}, make("p", { className: "problem-cause" }),
      make("p", { className: "note" }, make("span", { className: "problem-jobs" }), " · ", make("time"))),
    button(group.state === "held" ? "Decide" : "Show", `Show the ${group.state} jobs like ${group.newest.name}`, show));
}

/** Reads and shows what needs a person. */
export async function showProblems(handlers, signal) {
  const { jobs } = await json("GET", `/v1/jobs?state=held,failed&limit=${looked}`, signal);
  const all = groups(jobs).sort((a, b) => (a.state === "held" ? 0 : 1) - (b.state === "held" ? 0 : 1));
  const shown = all.slice(0, maximumShown);
  reconcile(byId("problem-list"), shown, (group) => group.key, (group) => createGroup(group, handlers), updateGroup);
  byId("problems").hidden = all.length === 0;
  byId("more-problems").hidden = all.length <= maximumShown;
}
