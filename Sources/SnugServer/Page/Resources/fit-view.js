// SPDX-License-Identifier: Apache-2.0
// The view that fits images: the list, its totals, and what is done with all of them.

import { startAdding } from "./adding.js";
import { announce } from "./announcer.js";
import { openComparison } from "./compare.js";
import { setHidden } from "./elements.js";
import { Item } from "./fit-item.js";
import { chosenOptions, optionsText, showFault, startOptions } from "./fit-options.js";
import { needsPrompt } from "./fit-pipelines.js";
import { startNext } from "./fit-queue.js";
import { total } from "./report.js";
import { saveFile } from "./saving.js";
import { mayAskAgain } from "./token.js";
import { plural } from "./words.js";
import { zip } from "./zip.js";

const byId = (id) => document.getElementById(id);
/** Kept as one array: the items that run ask it for the next. */
const items = [];
let wasBusy = false;

const inState = (state) => items.filter((item) => item.state === state);

function refresh() {
  const [done, failed, sent] = [inState("done"), inState("failed"), inState("sent")];
  const kept = done.filter((item) => item.isKept);
  const busy = items.length - done.length - failed.length - sent.length;
  byId("summary").hidden = items.length === 0;
  document.body.classList.toggle("has-images", items.length > 0);
  const isOnlySent = sent.length > 0 && done.length === 0;
  const parts = [
    isOnlySent ? `${plural(sent.length, "image")} became jobs`
      : busy > 0 ? `${done.length} of ${plural(items.length, "image")} done` : `${plural(done.length, "image")} done`,
  ];
  if (sent.length > 0 && !isOnlySent) parts.push(`${sent.length} became jobs`);
  if (kept.length > 0) parts.push(`${kept.length} with ${kept.length === 1 ? "its" : "their"} earlier result`);
  if (failed.length > 0) parts.push(`${failed.length} failed`);
  byId("counts").textContent = parts.join(", ");
  byId("total").textContent = total(done.map((item) => item.report));
  byId("all-progress").hidden = busy === 0;
  byId("all-progress").value = items.length === 0 ? 0 : 1 - busy / items.length;
  byId("download-all").disabled = done.length === 0;
  byId("download-all").textContent = done.length > 1 ? `Download all ${done.length}` : "Download all";
  setHidden(byId("retry-failed"), failed.length === 0, byId("counts"));
  offerRefit();
  if (wasBusy && busy === 0) showFault(refusedOption());
  if (wasBusy && busy === 0 && items.length > 0) announce(`${parts.join(", ")}. ${byId("total").textContent}`);
  wasBusy = busy > 0;
}

/** The images that were made with other options than the chosen ones. */
function outdated() {
  const chosen = optionsText();
  return items.filter((item) => !item.isBusy && item.madeWith !== chosen);
}

function offerRefit() { setHidden(byId("refit"), outdated().length === 0, byId("counts")); }

/** The error about a chosen option that the server refused, if any. */
function refusedOption() {
  const chosen = optionsText();
  return items.find((item) => item.error?.code === "invalid_parameter" && item.triedWith === chosen)?.error;
}

function start() {
  refresh();
  startNext(items);
}

function add(entries) {
  if (entries.length === 0) return;
  if (needsPrompt()) return askForPrompt();
  mayAskAgain();
  const query = chosenOptions();
  for (const { file, path } of entries) {
    const item = new Item(file, path, query, refresh);
    item.part(".do-compare").addEventListener("click", () => openComparison(item, inState("done")));
    item.part(".do-retry").addEventListener("click", () => again([item]));
    item.part(".do-remove").addEventListener("click", () => remove(item));
    items.push(item);
    byId("list").append(item.element);
  }
  announce(`${plural(entries.length, "image")} added`);
  start();
}

/** Images that cannot become jobs are not added. */
function askForPrompt() {
  showFault({ message: "Say first what is to be made of the images.", details: { parameter: "prompt" } });
  byId("prompt").focus();
}

function again(some) {
  if (needsPrompt()) return askForPrompt();
  mayAskAgain();
  for (const item of some) item.reset(chosenOptions());
  start();
}

function remove(item) {
  // The focus stays in the list, or goes to where images are added.
  const next = item.element.nextElementSibling ?? item.element.previousElementSibling;
  items.splice(items.indexOf(item), 1);
  item.remove();
  (next?.querySelector(".do-remove") ?? byId("choose")).focus();
  announce(`${item.name} removed`);
  start();
}

function clear() {
  for (const item of items.splice(0)) item.remove();
  wasBusy = false;
  refresh();
  byId("choose").focus();
  announce("All images removed");
}

async function downloadAll() {
  const entries = inState("done").map((item) => ({ name: item.outputPath, blob: item.result }));
  const button = byId("download-all");
  button.disabled = true;
  button.textContent = "Packing…";
  try {
    saveFile(await zip(entries), "snug.zip");
    refresh();
  } catch (error) {
    refresh();
    byId("counts").textContent = error.message;
    announce(error.message);
  }
}

/**
 * Begins the view.
 * @param {() => void} show Brings the view into sight: images can be dropped on the other one.
 */
export function startFitView(show) {
  startOptions(offerRefit);
  startAdding((entries) => {
    show();
    add(entries);
  });
  byId("clear").addEventListener("click", clear);
  byId("refit").addEventListener("click", () => again(outdated()));
  byId("retry-failed").addEventListener("click", () => again(inState("failed")));
  byId("download-all").addEventListener("click", downloadAll);
  // Results are in the tab only.
  addEventListener("beforeunload", (event) => { if (items.some((item) => item.isBusy)) event.preventDefault(); });
}
