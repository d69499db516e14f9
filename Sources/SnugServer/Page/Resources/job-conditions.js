// SPDX-License-Identifier: Apache-2.0
// The controls that select jobs: a chip for each state with its count, folder, age and text.

import { button, keepFocus, make } from "./elements.js";
import { countOf, isCounted, states } from "./job-filter.js";
import { meanings } from "./job-actions.js";
import { count } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Time after the last key before a text is looked for. */
const typingPause = 350;

/** Begins the controls. */
export function startConditions(onChange) {
  const toggle = (state) => onChange((filter) => ({
    states: filter.states.includes(state) ? filter.states.filter((one) => one !== state) : [...filter.states, state],
  }));
  byId("states").append(...states.map((state) => make("li", {},
    make("button", { type: "button", className: "chip", title: meanings[state], dataset: { state }, onclick: () => toggle(state) }))));
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["folder", "account", "since"]) {
    byId(`filter-${name}`).addEventListener("change", (event) => onChange(() => ({ [name]: event.target.value })));
  }
  let timer = null;
  byId("filter-text").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => onChange(() => ({ text: event.target.value.trim() })), typingPause);
  });
  for (const id of ["clear-filter", "clear-none"]) {
    byId(id).addEventListener("click", () => {
      onChange(() => ({ states: [], folder: "", account: "", text: "", since: "" }));
      byId("filter-text").focus();
    });
  }
}

/** Puts values into a list of options; a value that is not among them is added, so that no condition is hidden. */
function setOptions(select, values, chosen) {
  const all = values.includes(chosen) || chosen === "" ? values : [...values, chosen];
  const present = [...select.options].slice(1).map((option) => option.value);
  if (present.join("\n") !== all.join("\n")) select.replaceChildren(select.options[0], ...all.map((value) => new Option(value, value)));
  select.value = chosen;
}

/** Shows a filter, and how many jobs each state has. */
export function showConditions(filter, state, accounts) {
  for (const chip of byId("states").querySelectorAll(".chip")) {
    const name = chip.dataset.state;
    const number = state && isCounted(filter) ? countOf({ ...filter, states: [name] }, state.books) : null;
    chip.setAttribute("aria-pressed", filter.states.includes(name));
    chip.classList.toggle("none", number === 0);
    chip.textContent = number === null ? name : `${name} ${count(number)}`;
  }
  setOptions(byId("filter-folder"), (state?.books ?? []).map((book) => book.folder).filter(Boolean), filter.folder);
  setOptions(byId("filter-account"), accounts, filter.account);
  byId("filter-account").closest(".field").hidden = accounts.length === 0 && filter.account === "";
  const since = byId("filter-since");
  if (filter.since && ![...since.options].some((option) => option.value === filter.since)) since.append(new Option(filter.since, filter.since));
  since.value = filter.since;
  // Never under the hands of who types.
  if (document.activeElement !== byId("filter-text")) byId("filter-text").value = filter.text;
}

/** Makes the buttons for everything that matches; none before the ledger was read. */
export function showBulk(actions, filter, books, onBulk) {
  const presses = (books === null ? [] : actions).map((action) => {
    const number = countOf({ ...filter, states: action.states }, books);
    if (number === 0) return null;
    const subject = number === null ? `all matching ${action.states.join(" or ")} jobs` : `${count(number)} ${action.states.join(" or ")}`;
    const text = `${action.label.replace("…", "")} ${subject}${action.label.endsWith("…") ? "…" : ""}`;
    const press = button(text, text, () => onBulk(action, number));
    press.dataset.action = action.name;
    return press;
  }).filter(Boolean);
  const bar = byId("bulk");
  const version = presses.map((press) => press.textContent).join("\n");
  if (bar.dataset.version === version) return;
  bar.dataset.version = version;
  keepFocus(bar, byId("jobs-title"), () => {
    bar.replaceChildren(...presses);
    bar.hidden = presses.length === 0;
  });
}
