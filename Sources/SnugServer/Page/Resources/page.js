// SPDX-License-Identifier: Apache-2.0
// The page: its two views, of which the address says one.

import { startFitView } from "./fit-view.js";
import { optionsText, restoreOptions } from "./fit-options.js";
import { JobsView } from "./jobs-view.js";
import { startTheme } from "./theme.js";
import { count } from "./words.js";

const byId = (id) => document.getElementById(id);

function showAttention(number) {
  byId("attention").hidden = number === 0;
  byId("attention").textContent = count(number);
  byId("attention").setAttribute("aria-label", `${count(number)} need you`);
}

const jobs = new JobsView(showAttention);
let shown = null;

/** Shows the view of the address. */
function show() {
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

startTheme();
startFitView(() => go("fit"));
show();
