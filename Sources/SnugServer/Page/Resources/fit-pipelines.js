// SPDX-License-Identifier: Apache-2.0
// The pipelines of the server's folders: images can go through one as jobs, instead of being fitted for this page.

import { json } from "./api.js";
import { size } from "./words.js";

const byId = (id) => document.getElementById(id);
const select = byId("pipeline");
const prompt = byId("prompt");
const note = byId("pipeline-note");
let pipelines = [];

/** What each stage does to an image. */
const stages = { fit: "fitted", upload: "uploaded", generate: "sent to the generation" };

/** A list as a sentence has it: `a, b and c`. */
const listed = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** What happens to images of a pipeline, in one sentence. */
export function description({ name, stages: names, limit_bytes: limit, account, model }) {
  const done = names.map((stage) => {
    if (stage === "fit" && limit !== null) return `fitted to ${size(limit)}`;
    if (stage === "generate" && account) return `${stages.generate} of ${[account, model].filter(Boolean).join(", ")}`;
    return stages[stage] ?? stage;
  });
  return `Each image becomes a job of “${name}”: ${listed(done)}. Its result is in the list of jobs.`;
}

/** The parameters that send images through a pipeline; none for fits here. */
export const chosenPipeline = () => select.value === "" ? []
  : [["pipeline", select.value], ["prompt", prompt.disabled ? "" : prompt.value]];

/** Sets the pipeline as the address says. */
export function restorePipeline(query) {
  select.value = query.get("pipeline") ?? "";
  // A folder that is not configured any more.
  if (select.selectedIndex < 0) select.value = "";
  prompt.value = query.get("prompt") ?? "";
}

/** Shows what the chosen pipeline does and asks for. The limits of fits here do not apply to it. */
export function describePipeline(form) {
  const chosen = pipelines.find((one) => one.name === select.value);
  for (const field of form.elements) {
    if (field !== select && field !== prompt) field.disabled = chosen !== undefined;
  }
  byId("prompt-field").hidden = prompt.disabled = !chosen?.needs_prompt;
  prompt.required = !prompt.disabled;
  note.hidden = chosen === undefined;
  note.textContent = chosen ? description(chosen) : "";
}

/** True while a prompt is missing that the chosen pipeline cannot do without. */
export const needsPrompt = () => !prompt.disabled && prompt.value.trim() === "";

/** Offers the server's pipelines; a server without folders has none. */
export async function loadPipelines() {
  try {
    ({ pipelines } = await json("GET", "/v1/pipelines"));
  } catch (error) {
    if (error.status === 404) return;
    note.hidden = false;
    note.textContent = `The list of pipelines could not be loaded. ${error.message}`;
    return;
  }
  select.append(...pipelines.map((one) => new Option(`Jobs of ${one.name}`, one.name)));
  byId("pipeline-field").hidden = pipelines.length === 0;
}
