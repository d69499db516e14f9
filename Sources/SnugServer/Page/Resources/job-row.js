// SPDX-License-Identifier: Apache-2.0
// The row of a job: its name and state, the cause and the next step, and the decisions it waits for.

import { sentence } from "./api.js";
import { button, make } from "./elements.js";
import { actionsOf, meanings } from "./job-actions.js";
import { clock, plural, relative } from "./words.js";

/** A state with its colour, and its meaning for those who point at it. */
export const badge = (state) => make("span", { className: "badge", title: meanings[state], dataset: { state } }, state);

/** What happens to a job next, in a sentence. */
export function nextStep(job, now = Date.now()) {
  switch (job.state) {
    case "waiting": return new Date(job.due_at).getTime() > now + 1000
      ? `Next: ${job.step}, ${relative(job.due_at, now)}` : `Next: ${job.step}, when a worker is free`;
    case "running": return job.cancel_requested ? `Being cancelled during ${job.step}` : `Now: ${job.step}`;
    case "paused": return job.paused_until
      ? `Paused until ${clock(job.paused_until, now)} (${relative(job.paused_until, now)})` : "Paused until you resume it";
    default: return "";
  }
}

/** The cause that a job gives for its state; none for what the state says already. */
export const causeOf = (job) => job.reason && job.reason.code !== "by_request" ? sentence(job.reason.message) : "";

/**
 * The buttons of a job.
 * @param {boolean} withCosts Shows what each costs beside it, as for decisions about money.
 */
export function actionButtons(job, withCosts, onAction) {
  return actionsOf(job).map((action, index) => {
    const id = `cost-${job.id}-${action.name}-${withCosts ? "row" : "short"}`;
    const press = button(action.label, `${action.label.replace("…", "")} ${job.name}`, () => onAction(job, action));
    if (index === 0 && ["held", "failed"].includes(job.state)) press.classList.add("strong");
    press.dataset.action = action.name;
    if (!withCosts) {
      press.title = action.cost;
      return press;
    }
    press.setAttribute("aria-describedby", id);
    return make("li", {}, press, make("span", { id, className: action.isPaid ? "cost paid" : "cost" }, action.cost));
  });
}

/** Makes the empty row of a job. */
export function createRow({ onOpen }) {
  const open = button("", "", () => onOpen(open.closest("li").dataset.key), "job-name");
  return make("li", { className: "job" },
    make("div", { className: "job-head" }, make("span", { className: "job-state" }), open, make("span", { className: "job-place" })),
    make("p", { className: "job-cause" }), make("p", { className: "job-next" }),
    make("ul", { className: "choices" }), make("div", { className: "actions job-actions" }));
}

/** Brings a row up to date, and leaves alone what is as it was: buttons keep the focus. */
export function updateRow(row, job, { onAction }, now = Date.now()) {
  const find = (name) => row.querySelector(`.${name}`);
  row.dataset.state = job.state;
  find("job-state").replaceChildren(badge(job.state));
  const name = find("job-name");
  name.textContent = job.name;
  name.setAttribute("aria-label", `${job.name}, ${job.state}; show everything`);
  const since = make("time", { dateTime: job.since, title: new Date(job.since).toLocaleString() }, relative(job.since, now));
  const attempts = job.attempt > 1 ? ` · ${plural(job.attempt, "attempt")}` : "";
  find("job-place").replaceChildren(`${[job.folder, job.account].filter(Boolean).join(" · ")}${attempts} · `, since);
  find("job-cause").textContent = causeOf(job);
  find("job-next").textContent = nextStep(job, now);
  const version = [job.state, job.step, job.outcome_unknown, job.cancel_requested].join();
  if (row.dataset.version === version) return;
  row.dataset.version = version;
  const withCosts = job.state === "held" || (job.state === "failed" && actionsOf(job).some((action) => action.isPaid));
  find("choices").replaceChildren(...withCosts ? actionButtons(job, true, onAction) : []);
  find("choices").hidden = !withCosts;
  find("job-actions").replaceChildren(...withCosts ? [] : actionButtons(job, false, onAction));
}
