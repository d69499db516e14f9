// SPDX-License-Identifier: Apache-2.0
// The conditions that select jobs, as the address of the page and as a query of the API.

import { count } from "./words.js";

/** All states, in the order in which they are shown. */
export const states = ["waiting", "running", "paused", "held", "failed", "delivered", "cancelled"];

const texts = ["folder", "account", "text", "since", "before"];

/** The conditions of an address. */
export function readFilter(search) {
  const query = new URLSearchParams(search);
  const named = (query.get("state") ?? "").split(",");
  const filter = { states: states.filter((state) => named.includes(state)) };
  for (const name of texts) filter[name] = query.get(name) ?? "";
  return filter;
}

/** The parameters of a filter. Empty ones are left out. */
export function parameters(filter) {
  const query = new URLSearchParams();
  if (filter.states.length > 0) query.set("state", filter.states.join(","));
  for (const name of texts) if (filter[name]) query.set(name, filter[name]);
  return query;
}

/** The address that shows a filter. */
export function address(filter, job = "") {
  const query = parameters(filter);
  if (job) query.set("job", job);
  return `?${new URLSearchParams({ view: "jobs" })}${query.size > 0 ? `&${query}` : ""}`;
}

/** True when the counts of the ledger are the counts of the filter: they know states and folders only. */
export const isCounted = (filter) => !filter.account && !filter.text && !filter.since;

/** True when a filter leaves something out; the page of the list is no condition. */
export const isNarrowed = (filter) => filter.states.length > 0 || filter.folder !== "" || !isCounted(filter);

/** The jobs of a filter in words: `all failed or held jobs in folder bluesky`, or `312 failed jobs`. */
export function inWords(filter, number = null) {
  return [
    number === null ? "all" : count(number), filter.states.join(" or "), number === 1 ? "job" : "jobs", filter.folder && `in folder ${filter.folder}`, filter.account && `of account ${filter.account}`,
    filter.text && `with “${filter.text}” in the name or the reason`, filter.since && `first seen within ${filter.since}`,
  ].filter(Boolean).join(" ");
}

/** The number of jobs that a filter selects, from the counts of the folders; null when those do not tell. */
export function countOf(filter, books) {
  if (!isCounted(filter) || books === null) return null;
  const wanted = filter.states.length > 0 ? filter.states : states;
  return books.filter((book) => !filter.folder || book.folder === filter.folder)
    .reduce((sum, book) => sum + wanted.reduce((part, state) => part + inState(book, state), 0), 0);
}

/** The jobs of a folder in a state. The ledger counts those that run or are paused among the waiting ones. */
export const inState = (book, state) =>
  state === "waiting" ? book.waiting - book.running - book.paused : book[state];
