// SPDX-License-Identifier: Apache-2.0
// The view of the daemon's folders and jobs: live while it is in sight, its filter and open job in the address.

import { announce } from "./announcer.js";
import { json } from "./api.js";
import { setHidden } from "./elements.js";
import { openEvents } from "./event-stream.js";
import { bulkActionsOf } from "./job-actions.js";
import { showBulk, showConditions, startConditions } from "./job-conditions.js";
import { decide, decideAll, pauseScope, resumeScope } from "./job-deciding.js";
import { openJob, refreshJob } from "./job-detail.js";
import { address, countOf, isNarrowed, readFilter } from "./job-filter.js";
import { showDaemon, showFolders, showHolds, subjectOf } from "./job-folders.js";
import { showHosts } from "./job-hosts.js";
import { JobList } from "./job-list.js";
import { showProblems } from "./job-problems.js";
import { Rates } from "./rates.js";
import { mayAskAgain } from "./token.js";
import { plural } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Changes come at any rate; the list is read again at most this often. */
const refreshPeriod = 2000;
/** Texts such as "5 min ago" are refreshed this often. */
const clockPeriod = 30_000;

/** The view. One page has one. */
export class JobsView {
  #filter = readFilter(location.search);
  /** Ids that the pages before this one began after, to go back by. */
  #trail = [];
  #openJob = "";
  #state = null;
  #accounts = [];
  #rates = new Rates();
  #endEvents = null;
  #refreshTimer = null;
  #clock = null;
  #attention = null;
  /** The counts that the problems were read at. */
  #problemsAt = "";
  #list;
  #onAttention;

  /** @param {(number: number) => void} onAttention Called with the number of jobs that need a person. */
  constructor(onAttention) {
    this.#onAttention = onAttention;
    this.#list = new JobList({ onOpen: (id) => this.#open(id), onAction: (job, action) => this.#decide(job, action) });
    startConditions((change) => this.#select(change(this.#filter)));
    byId("older").addEventListener("click", () => this.#turn([...this.#trail, this.#filter.before], this.#list.next));
    byId("newer").addEventListener("click", () => this.#turn(this.#trail.slice(0, -1), this.#trail.at(-1) ?? ""));
    byId("newest").addEventListener("click", () => this.#turn([], ""));
    for (const id of ["list-changed", "list-again"]) byId(id).addEventListener("click", () => this.#readAgain());
    byId("more-problems").addEventListener("click", () => this.#choose({ states: ["held", "failed"] }));
    byId("pause-all").addEventListener("click", () => this.#act(() => pauseScope({}, "everything")));
    document.addEventListener("visibilitychange", () => this.#follow(!document.hidden && this.#isShown));
  }

  get #isShown() { return !byId("jobs-view").hidden; }

  /** Shows what the address says. */
  show() {
    mayAskAgain();
    this.#filter = readFilter(location.search);
    this.#trail = history.state?.trail ?? [];
    this.#follow(true);
    this.#showControls();
    this.#read();
    this.#readHosts();
    const job = new URLSearchParams(location.search).get("job");
    if (job) this.#open(job, false);
  }

  /** Starts over with a token that was given late. */
  restart() {
    if (!this.#isShown) return;
    this.#follow(false);
    this.show();
  }

  /** Stops asking the server: nobody looks. */
  hide() { this.#follow(false); }

  // MARK: The filter and its pages

  #select(change) {
    this.#filter = { ...this.#filter, before: "", ...change };
    this.#trail = [];
    this.#visit();
  }

  #turn(trail, before) {
    this.#trail = trail;
    this.#filter = { ...this.#filter, before: before ?? "" };
    this.#visit();
    byId("jobs-title").scrollIntoView();
    byId("jobs-title").focus();
  }

  #visit() {
    history.pushState({ trail: this.#trail }, "", address(this.#filter));
    byId("message").hidden = true;
    this.#showControls();
    this.#read();
  }

  /** Reads the list from a button that vanishes with it. */
  #readAgain() {
    byId("jobs-title").focus();
    this.#read();
  }

  /** Reads the list because a person asked for another one, and says which it is. */
  async #read() {
    mayAskAgain();
    await this.#load(true);
    announce(byId("position").textContent || "No jobs");
  }

  async #load(isAsked) {
    await this.#list.load(this.#filter, isAsked);
    this.#accounts = [...new Set([...this.#accounts, ...this.#list.jobs.map((job) => job.account)])].filter(Boolean).sort();
    this.#showControls();
    const counts = JSON.stringify(this.#state?.books.map((book) => [book.held, book.failed]));
    if (!isAsked && counts === this.#problemsAt) return;
    this.#problemsAt = counts;
    await showProblems({ onFilter: (change) => this.#choose(change) }).catch(() => { byId("problems").hidden = true; });
  }

  /** Selects from a card above the list, and goes to the list. */
  #choose(change) {
    this.#select({ states: [], folder: "", account: "", text: "", since: "", ...change });
    byId("jobs-title").scrollIntoView();
    byId("jobs-title").focus();
  }

  #showControls() {
    const books = this.#state?.books ?? null;
    showConditions(this.#filter, this.#state, this.#accounts);
    showBulk(bulkActionsOf(this.#filter), this.#filter, books, (action, number) =>
      this.#act(() => decideAll(this.#filter, action, number)));
    const isDeepLink = this.#filter.before !== "" && this.#trail.length === 0;
    byId("position").textContent = isDeepLink ? "" : this.#list.position(this.#trail.length, countOf(this.#filter, books));
    byId("clear-filter").hidden = !isNarrowed(this.#filter);
    byId("newest").disabled = this.#filter.before === "";
    byId("newer").disabled = this.#trail.length === 0;
    byId("older").disabled = this.#list.next === null;
    byId("pages").hidden = this.#filter.before === "" && this.#list.next === null;
  }

  // MARK: Live

  #follow(isWanted) {
    if (isWanted === (this.#endEvents !== null)) return;
    this.#endEvents?.();
    clearInterval(this.#clock);
    this.#clock = isWanted ? setInterval(() => this.#tick(), clockPeriod) : null;
    this.#endEvents = isWanted ? openEvents("/v1/events", {
      onEvent: (state) => this.#take(state),
      onOpen: () => this.#showConnection("live", "Live"),
      onProblem: (problem, wait) => this.#lose(problem, wait),
    }) : null;
    if (!isWanted) this.#showConnection("idle", "Not followed");
  }

  #tick() {
    this.#list.showTimes();
    if (this.#state) this.#showState();
    this.#readHosts();
  }

  /** Hosts are seen every 15 s, and no event tells of them. */
  #readHosts() { showHosts().catch(() => { byId("hosts").hidden = true; }); }

  #take(state) {
    this.#state = state;
    this.#rates.add(state.books, Date.now());
    this.#showState();
    this.#refreshTimer ??= setTimeout(() => {
      this.#refreshTimer = null;
      if (!this.#isShown) return;
      this.#load(false);
      // A decision that a person is about to make stays where it is.
      const isDeciding = byId("job-choices").contains(document.activeElement);
      if (this.#openJob && !isDeciding) refreshJob(this.#openJob, (job, action) => this.#decide(job, action));
    }, refreshPeriod);
  }

  #showState() {
    const handlers = {
      onFilter: (change) => this.#choose(change),
      onPause: (scope, name) => this.#act(() => pauseScope(scope, name)),
      onResume: (hold) => this.#act(() => resumeScope(hold.scope === "all" ? {} : { [hold.scope]: hold.name }, subjectOf(hold))),
    };
    byId("no-ledger").hidden = true;
    byId("ledger").hidden = false;
    showDaemon(this.#state.daemon);
    showHolds(this.#state.holds, handlers);
    showFolders(this.#state, this.#rates, handlers);
    const isPaused = this.#state.holds.some((hold) => hold.hold === "pause" && hold.scope === "all");
    setHidden(byId("pause-all"), isPaused, byId("holds").querySelector("button") ?? byId("main"));
    byId("list-empty-text").textContent = this.#state.daemon?.folders.length > 0
      ? "Put an image into a watched folder, and its job appears here."
      : "This server watches no folder. Jobs appear here once snug watch, or a server with folders, runs with its state directory.";
    this.#showControls();
    this.#tellAttention();
  }

  /** Says once when more jobs need a person than before; progress alone is not worth an interruption. */
  #tellAttention() {
    const needed = this.#state.books.reduce((sum, book) => sum + book.held + book.failed, 0);
    if (this.#attention !== null && needed > this.#attention) {
      announce(`${plural(needed - this.#attention, "more job")} ${needed - this.#attention === 1 ? "needs" : "need"} you`);
    }
    this.#attention = needed;
    this.#onAttention(needed);
  }

  #lose(problem, wait) {
    if (problem.status === 404) {
      byId("ledger").hidden = true;
      byId("no-ledger").hidden = false;
      this.#showConnection("idle", "");
      return;
    }
    const again = problem.status >= 400 && problem.status < 500 ? "" : ` Trying again in ${Math.round(wait)} s.`;
    this.#showConnection("lost", `${problem.message}${again}`);
  }

  #showConnection(state, text) {
    const live = byId("live");
    if (live.dataset.state === "lost" && state === "live") announce("Connected again");
    if (live.dataset.state === "live" && state === "lost") announce("The connection to the server is lost");
    live.dataset.state = state;
    live.textContent = text;
  }

  // MARK: One job, and decisions

  async #open(id, isNew = true) {
    mayAskAgain();
    if (isNew) history.replaceState(history.state, "", address(this.#filter, id));
    this.#openJob = id;
    await openJob(id, (job, action) => this.#decide(job, action));
    this.#openJob = "";
    if (this.#isShown) history.replaceState(history.state, "", address(this.#filter));
  }

  #decide(job, action) {
    return this.#act(async () => {
      const outcome = await decide(job, action);
      if (outcome) this.#list.replace(outcome.job);
      return outcome;
    });
  }

  /** Carries out what a person asked for, says how it went, and shows what has become of it. */
  async #act(work) {
    const message = byId("message");
    mayAskAgain();
    try {
      const outcome = await work();
      if (outcome === null) return;
      message.replaceChildren(...outcome.text, ".");
      message.dataset.kind = "done";
      announce(message.textContent);
    } catch (error) {
      message.textContent = error.message;
      message.dataset.kind = "failure";
      announce(error.message);
    }
    message.hidden = false;
    if (this.#openJob) await refreshJob(this.#openJob, (job, action) => this.#decide(job, action));
    this.#state = await json("GET", "/v1/books").catch(() => this.#state);
    if (this.#state) this.#showState();
    await this.#load(true);
  }
}
