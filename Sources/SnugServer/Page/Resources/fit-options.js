// SPDX-License-Identifier: Apache-2.0
// The limits that images are fitted to, kept in the address so that a link has them.

import { json } from "./api.js";
import { chosenPipeline, describePipeline, loadPipelines, restorePipeline } from "./fit-pipelines.js";
import { size } from "./words.js";

const form = document.getElementById("options");
const profile = document.getElementById("profile");
const note = document.getElementById("profile-note");
const fault = document.getElementById("options-fault");
let profiles = [];
let isLoading = false;

/** The parameters of a fit, or of a job, that are set, as pairs. */
export function chosenOptions() {
  return [...chosenPipeline(), ...new FormData(form)]
    .map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
}

/** Parameters as the text of a query: equal for equal options. */
export const optionsText = (options = chosenOptions()) => new URLSearchParams(options).toString();

/** Sets the form as the address says. */
export function restoreOptions() {
  const query = new URLSearchParams(location.search);
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") field.checked = query.get(field.name) === "true";
    else field.value = query.get(field.name) ?? "";
  }
  restorePipeline(query);
  // No option works unseen.
  document.getElementById("more").open ||= [...form.querySelectorAll("#more [name]")].some((field) => field.checked);
  describe();
}

/** Shows the limits of the chosen profile, in a sentence and as placeholders of the fields that override them. */
function describe() {
  describePipeline(form);
  const chosen = profiles.find((one) => one.name === profile.value);
  document.getElementById("limit").placeholder = chosen ? size(chosen.file_bytes) : "10 MB";
  document.getElementById("side").placeholder = chosen?.max_side ? `${chosen.max_side} px` : "any, in px";
  note.hidden = !chosen;
  if (!chosen) return;
  const bounds = [`up to ${size(chosen.file_bytes)}`];
  if (chosen.max_side) bounds.push(`${chosen.max_side} px on the longer side`);
  note.textContent = `${chosen.title}: ${bounds.join(", ")}. Source: ${chosen.source}, ${chosen.source_date}.`;
}

/** Marks the field whose value the server refused, and says why; without an error, none. */
export function showFault(error) {
  const name = error?.details?.parameter;
  for (const field of form.elements) {
    if (name !== undefined && (field.name || field.id) === name) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  fault.hidden = name === undefined;
  fault.textContent = name === undefined ? "" : error.message;
}

/** Loads what can be chosen, unless it is here or on its way. */
export async function loadOptions() {
  if (isLoading || profiles.length > 0) return;
  isLoading = true;
  await load();
  isLoading = false;
}

async function load() {
  try {
    profiles = (await json("GET", "/v1/profiles")).profiles;
    profile.append(...profiles.map((one) => new Option(one.title, one.name)));
    restore();
  } catch (error) {
    note.hidden = false;
    note.textContent = `The list of targets could not be loaded. ${error.message}`;
    return;
  }
  // Only then: a reader without the token is asked for it once.
  await loadPipelines();
  restore();
}

/** Sets the form again once there is more to choose, while its options are in the address. */
function restore() {
  if (new URLSearchParams(location.search).get("view") !== "jobs") restoreOptions();
}

/** Begins with the options of the address. */
export function startOptions(onChange) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    describe();
    showFault(null);
    const text = optionsText();
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
    onChange();
  });
  restoreOptions();
  loadOptions();
}
