// SPDX-License-Identifier: Apache-2.0
// Decisions about jobs carried out: the question before, the request, and its outcome in words.

import { json } from "./api.js";
import { confirmed, pauseEnd } from "./ask.js";
import { named } from "./elements.js";
import { inWords, parameters } from "./job-filter.js";
import { plural } from "./words.js";

/** Past forms, for what is said after a decision. */
const done = {
  retry: "retried", cancel: "cancelled", drop: "given up", "pay-again": "submitted again", pause: "paused", resume: "resumed",
};

/** Adds the end of a pause to a query. */
const withEnd = (query, end) => {
  if (end?.until) query.set("until", end.until);
  return query.size > 0 ? `?${query}` : "";
};

/**
 * Carries out a decision for one job.
 * @returns {Promise<{job: object, text: (string | Node)[]} | null>} Null when the person thinks better of it.
 */
export async function decide(job, action) {
  let end = null;
  if (action.name === "pause") {
    end = await pauseEnd(["Pause ", named(job.name)], "The job stays where it is until then.");
    if (end === null) return null;
  } else if (action.asks && !await confirmed([`${action.label}: `, named(job.name)], action.cost, action.label)) {
    return null;
  }
  const changed = await json("POST", `/v1/jobs/${job.id}/${action.name}${withEnd(new URLSearchParams(), end)}`);
  return { job: changed, text: [named(job.name), ` ${done[action.name]}`] };
}

/**
 * Carries out a decision for every job that a filter selects.
 * @param {number | null} number The number of those jobs, where it is known.
 */
export async function decideAll(filter, action, number) {
  // The page of the list is no condition of the decision.
  const selected = { ...filter, states: action.states, before: "" };
  const subject = inWords(selected, number);
  let end = null;
  if (action.name === "pause") {
    end = await pauseEnd(["Pause all that match"], `This pauses ${subject}.`);
    if (end === null) return null;
  } else {
    const title = `${action.label} ${number === null ? "all that match" : plural(number, "job")}?`;
    if (!await confirmed([title], `This changes ${subject}. ${action.cost}`, action.label)) return null;
  }
  const { changed } = await json("POST", `/v1/jobs/all/${action.name}${withEnd(parameters(selected), end)}`);
  return { text: [`${plural(changed, "job")} ${done[action.name]}`], changed };
}

/** Pauses a scope: `{folder}`, `{account}`, `{stage}` or `{}` for everything. */
export async function pauseScope(scope, name) {
  const end = await pauseEnd([`Pause ${name}`], "Work that runs is finished; nothing new begins until then.");
  if (end === null) return null;
  await json("POST", `/v1/pauses${withEnd(new URLSearchParams(scope), end)}`);
  return { text: [`${name} paused`] };
}

/** Lifts the pause of a scope. */
export async function resumeScope(scope, name) {
  await json("DELETE", `/v1/pauses${withEnd(new URLSearchParams(scope), null)}`);
  return { text: [`${name} resumed`] };
}
