// SPDX-License-Identifier: Apache-2.0
// The list of jobs, page by page: loading, empty, failed, or rows that stay where they are while a person uses them.

import { json } from "./api.js";
import { keepFocus, reconcile } from "./elements.js";
import { isNarrowed, parameters } from "./job-filter.js";
import { createRow, updateRow } from "./job-row.js";
import { count } from "./words.js";

/** Jobs of a page. */
export const pageSize = 50;

const byId = (id) => document.getElementById(id);

/** The list of the page. */
export class JobList {
  #list = byId("job-list");
  #request = null;
  #handlers;
  /** The jobs that are shown. */
  jobs = [];
  /** The id that the next page begins after; null at the end. */
  next = null;

  constructor(handlers) { this.#handlers = handlers; }

  /**
   * Loads the jobs of a filter.
   * @param {boolean} isAsked True when a person asked for it: then everything may move.
   */
  async load(filter, isAsked) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    if (isAsked) this.#list.setAttribute("aria-busy", "true");
    const query = parameters(filter);
    query.set("limit", pageSize);
    try {
      const page = await json("GET", `/v1/jobs?${query}`, request.signal);
      this.#take(page, filter, isAsked);
    } catch (error) {
      if (error.name !== "AbortError") this.#showState("failure", error.message);
    } finally {
      if (this.#request === request) this.#list.removeAttribute("aria-busy");
    }
  }

  #take(page, filter, isAsked) {
    const isSame = page.jobs.length === this.jobs.length && page.jobs.every((job, index) => job.id === this.jobs[index].id);
    // Rows must not move away from under a pointer or a focus.
    if (!isAsked && !isSame && this.#list.matches(":hover, :focus-within")) {
      const present = new Map(page.jobs.map((job) => [job.id, job]));
      this.#show(this.jobs.map((job) => present.get(job.id) ?? job));
      byId("list-changed").hidden = false;
      return;
    }
    byId("list-changed").hidden = true;
    this.next = page.next;
    this.#show(page.jobs);
    if (page.jobs.length > 0) this.#showState("");
    else if (isNarrowed(filter) || filter.before) this.#showState("none");
    else this.#showState("empty");
  }

  /** Shows what a decision made of a job, before the list is read again. */
  replace(changed) {
    this.#show(this.jobs.map((job) => job.id === changed.id ? changed : job));
  }

  /** Brings the texts that depend on the time up to date. */
  showTimes() { this.#show(this.jobs); }

  #show(jobs) {
    this.jobs = jobs;
    // A job that is decided leaves a filtered list: the next one has the focus then.
    keepFocus(this.#list, byId("jobs-title"), () => reconcile(this.#list, jobs, (job) => job.id,
      () => createRow(this.#handlers), (row, job) => updateRow(row, job, this.#handlers)));
  }

  #showState(name, text = "") {
    for (const state of ["empty", "none", "failure"]) byId(`list-${state}`).hidden = state !== name;
    if (name === "failure") byId("list-failure-text").textContent = text;
    this.#list.classList.toggle("stale", name === "failure");
    byId("list-loading").hidden = true;
  }

  /** The place of the page among all jobs. */
  position(pagesBefore, total) {
    if (this.jobs.length === 0) return "";
    const first = pagesBefore * pageSize + 1;
    const range = `${count(first)} to ${count(first + this.jobs.length - 1)}`;
    return total === null ? range : `${range} of ${count(Math.max(total, first + this.jobs.length - 1))}`;
  }
}
