// SPDX-License-Identifier: Apache-2.0
// The page: its two views, of which the address says one.

import { startFitView } from "./fit-view.js";
import { loadOptions, optionsText, restoreOptions } from "./fit-options.js";
import { JobsView } from "./jobs-view.js";
import { startTheme } from "./theme.js";
import { lateToken, mayAskAgain } from "./token.js";
import { count } from "./words.js";

const byId = (id) => document.getElementById(id);

function showAttention(number) {
  byId("attention").hidden = number === 0;
  byId("attention").textContent = count(number);
  byId("attention").setAttribute("aria-label", `${count(number)} need you`);
}

const jobs = new JobsView(showAttention);
let shown = null;

/** Closes what is open over the view that is left. The token is asked for by the server, whatever the view. */
function closeDialogs() {
  const open = [...document.querySelectorAll("dialog[open]:not(#ask-token)")];
  const hadFocus = open.some((dialog) => dialog.contains(document.activeElement));
  for (const dialog of open) dialog.close();
  if (hadFocus) byId("main").focus();
}

/** Shows the view of the address. */
function show() {
  closeDialogs();
  const view = new URLSearchParams(location.search).get("view") === "jobs" ? "jobs" : "fit";
  for (const name of ["fit", "jobs"]) {
    byId(`${name}-view`).hidden = name !== view;
    if (name === view) byId(`to-${name}`).setAttribute("aria-current", "page");
    else byId(`to-${name}`).removeAttribute("aria-current");
  }
  document.title = view === "jobs" ? "Snug: jobs" : "Snug: fit images";
  if (view === "jobs") jobs.show();
  else {
    jobs.hide();
    restoreOptions();
    mayAskAgain();
    loadOptions();
  }
  shown = view;
}

/** Goes to a view. The images and their options stay in the tab while jobs are looked at. */
function go(view) {
  if (shown === view) return;
  history.pushState(null, "", view === "jobs" ? "?view=jobs" : `/?${optionsText()}`);
  show();
}

for (const name of ["fit", "jobs"]) {
  byId(`to-${name}`).addEventListener("click", (event) => {
    // Another tab or window is the browser's business.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(name);
  });
}
// The images stay in the tab while a job of one of them is looked at.
byId("list").addEventListener("click", (event) => {
  const link = event.target.closest(".do-job");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  show();
});
addEventListener("popstate", show);
addEventListener(lateToken, () => {
  loadOptions();
  jobs.restart();
});

startTheme();
startFitView(() => go("fit"));
show();
