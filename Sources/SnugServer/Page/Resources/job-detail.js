// SPDX-License-Identifier: Apache-2.0
// Everything that is known about one job.

import { announce } from "./announcer.js";
import { json, sentence } from "./api.js";
import { keepFocus, make, named } from "./elements.js";
import { meanings } from "./job-actions.js";
import { saveResults } from "./job-result.js";
import { actionButtons, badge, causeOf, nextStep } from "./job-row.js";
import { mayAskAgain } from "./token.js";
import { size } from "./words.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("job");
let shown = null;

const moment = (text) => make("time", { dateTime: text }, new Date(text).toLocaleString("en-GB"));

/** Names with commas between them; empty for none. */
function namesOf(deliveries) {
  if (deliveries.length === 0) return "";
  return make("span", {}, ...deliveries.flatMap(({ name }, index) => [index > 0 ? ", " : "", named(name)]));
}

/** The facts of a job, as terms with their descriptions. */
function factsOf(job) {
  const fitted = job.payload?.fitted;
  return [
    ["Folder", job.folder], ["Account", job.account], ["First seen", moment(job.created_at)], ["In this state since", moment(job.since)],
    ["Step", job.step], ["Attempts", job.attempt > 0 ? String(job.attempt) : ""],
    ["Fitted", fitted ? `${size(fitted.byteCount)}, ${fitted.suffix.toUpperCase()}` : ""],
    ["Delivered as", namesOf(job.deliveries.filter((one) => one.delivered_at))],
    ["Held up by", job.holds.map((hold) => `${hold.hold} of ${hold.name ?? "everything"}`).join(", ")],
    ["Id", make("code", {}, job.id)],
  ].filter(([, value]) => value !== "" && value !== null);
}

function eventOf(event) {
  return make("li", { dataset: { state: event.state } }, moment(event.at), " ",
    make("strong", {}, event.verb.replaceAll("_", " ")), `, ${event.step}`,
    event.reason ? make("p", { className: "note" }, sentence(event.reason.message)) : "");
}

/** Shows a job that was read. */
function show(job, onAction) {
  shown = job;
  byId("job-results").hidden = job.state !== "delivered";
  byId("job-title").textContent = job.name;
  byId("job-state").replaceChildren(badge(job.state), ` ${nextStep(job) || meanings[job.state]}`);
  byId("job-cause").textContent = causeOf(job);
  keepFocus(byId("job-choices"), byId("job-close"), () => byId("job-choices").replaceChildren(...actionButtons(job, true, onAction)));
  byId("job-facts").replaceChildren(...factsOf(job).flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, value)]));
  byId("job-history").replaceChildren(...job.history.map(eventOf));
  byId("job-content").hidden = false;
}

/** Opens a job. Resolves when the dialog is closed. */
export async function openJob(id, onAction) {
  byId("job-content").hidden = true;
  byId("job-title").textContent = "Job";
  byId("job-wait").textContent = "Loading…";
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", function end() {
      // An earlier job's dialog was closed, and this one's is open.
      if (dialog.open) return;
      dialog.removeEventListener("close", end);
      resolve();
    });
  });
  if (!dialog.open) dialog.showModal();
  await refreshJob(id, onAction);
  await closed;
}

/** Reads the open job again. */
export async function refreshJob(id, onAction) {
  try {
    show(await json("GET", `/v1/jobs/${encodeURIComponent(id)}`), onAction);
    byId("job-wait").textContent = "";
  } catch (error) {
    byId("job-wait").textContent = error.message;
  }
}

byId("job-result").addEventListener("click", async () => {
  mayAskAgain();
  byId("job-wait").textContent = "Fetching the result…";
  try {
    await saveResults(shown);
    byId("job-wait").textContent = "";
  } catch (error) {
    byId("job-wait").textContent = error.message;
    announce(error.message);
  }
});
byId("job-close").addEventListener("click", () => dialog.close());
