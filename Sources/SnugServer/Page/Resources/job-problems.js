// SPDX-License-Identifier: Apache-2.0
// What needs a person: the latest held and failed jobs, those of one cause together. They are gone once they are solved.

import { json } from "./api.js";
import { button, make, named, reconcile } from "./elements.js";
import { badge, causeOf } from "./job-row.js";
import { count, relative } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Jobs of a state that are looked at: the list below has them all. */
const looked = 200;
const maximumShown = 4;

/**
 * Groups jobs by state, folder and code of the cause, newest first.
 * @param {boolean} isPart True when there are older jobs of the state: a group may have more than were looked at.
 */
export function groups(jobs, isPart = false) {
  const found = new Map();
  for (const job of jobs) {
    const key = [job.state, job.folder, job.reason?.code ?? ""].join("\n");
    const group = found.get(key) ?? { key, state: job.state, folder: job.folder, newest: job, jobs: [], isPart };
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

/** The jobs of a group besides the newest, in words; as many as were looked at where there may be more. */
export function others({ jobs, isPart }) {
  const more = jobs.length - 1;
  if (isPart) return more > 0 ? ` and ${count(more)} or more others` : " and perhaps others";
  return more > 0 ? ` and ${count(more)} more` : "";
}

/** Brings a card up to date with its group, what it leads to as well. */
function updateGroup(element, group, { onFilter }) {
  element.querySelector(".problem-state").replaceChildren(badge(group.state));
  element.querySelector(".problem-cause").textContent = causeOf(group.newest) || "No cause is recorded.";
  element.querySelector(".problem-jobs").replaceChildren(named(group.newest.name), `${others(group)} in ${group.folder}`);
  element.querySelector("time").textContent = relative(group.newest.since);
  const press = element.querySelector("button");
  press.setAttribute("aria-label", `Show the ${group.state} jobs like ${group.newest.name}`);
  press.onclick = () => onFilter({ states: [group.state], folder: group.folder, text: commonText(group.jobs) });
}

const createGroup = (group) => make("li", { className: "problem", dataset: { state: group.state } },
  make("span", { className: "problem-state" }),
  make("div", {}, make("p", { className: "problem-cause" }),
    make("p", { className: "note" }, make("span", { className: "problem-jobs" }), " · ", make("time"))),
  button(group.state === "held" ? "Decide" : "Show"));

/** Reads and shows what needs a person. Each state is asked for alone: many failures hide no job that is held. */
export async function showProblems(handlers, signal) {
  const pages = await Promise.all(["held", "failed"].map((state) =>
    json("GET", `/v1/jobs?state=${state}&limit=${looked}`, signal)));
  const all = pages.flatMap(({ jobs, next }) => groups(jobs, next !== null));
  const shown = all.slice(0, maximumShown);
  reconcile(byId("problem-list"), shown, (group) => group.key, createGroup, (element, group) => updateGroup(element, group, handlers));
  byId("problems").hidden = all.length === 0;
  byId("more-problems").hidden = all.length <= maximumShown && pages.every((page) => page.next === null);
}
