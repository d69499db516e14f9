// SPDX-License-Identifier: Apache-2.0
// The page: options, adding images, totals and downloads.

import { send } from "/assets/api.js";
import { compare } from "/assets/compare.js";
import { Item, size, startNext } from "/assets/items.js";
import { zip } from "/assets/zip.js";

const byId = (id) => document.getElementById(id);
const options = byId("options");
/** Kept as one array: those that run ask it for the next. */
const items = [];
let lastQuery = "";

// Theme

const themes = byId("theme");
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
themes.value = localStorage.getItem("snug-theme") ?? "";
setTheme(themes.value);
themes.addEventListener("change", () => {
  localStorage.setItem("snug-theme", themes.value);
  setTheme(themes.value);
});

// Options: kept in the address, so that a link has them

function query() {
  return [...new FormData(options)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
}

function remember() {
  const text = new URLSearchParams(query()).toString();
  history.replaceState(null, "", text ? `?${text}` : location.pathname);
  byId("refit").hidden = text === lastQuery || !items.some((item) => item.state === "done" || item.state === "failed");
}

function restore() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = options.elements.namedItem(name);
    if (!field) continue;
    if (field.type === "checkbox") field.checked = value === "true";
    else field.value = value;
  }
}

let profiles = [];
function describe() {
  const profile = profiles.find((one) => one.name === byId("profile").value);
  const note = byId("profile-note");
  note.hidden = !profile;
  byId("limit").placeholder = profile ? size(profile.file_bytes) : "10MB";
  byId("side").placeholder = profile?.max_side ? `${profile.max_side} px` : "any, in pixels";
  if (profile) note.textContent = `${profile.title}: up to ${size(profile.file_bytes)}. Source: ${profile.source}, ${profile.source_date}.`;
}

async function loadProfiles() {
  try {
    const answer = await send("GET", "/v1/profiles", { type: "json" });
    profiles = answer.response.profiles;
    for (const profile of profiles) byId("profile").append(new Option(profile.title, profile.name));
  } catch (error) {
    byId("profile-note").hidden = false;
    byId("profile-note").textContent = `The list of targets is missing: ${error.message}`;
  }
  restore();
  describe();
}

options.addEventListener("submit", (event) => event.preventDefault());
options.addEventListener("input", () => {
  describe();
  remember();
});

// Announcements: one for a change, not one for each step

let announced = "";
let timer = null;
function announce() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (announced === byId("totals").textContent) return;
    announced = byId("totals").textContent;
    byId("announcer").textContent = announced;
  }, 1200);
}

function refresh() {
  const done = items.filter((item) => item.state === "done");
  const failed = items.filter((item) => item.state === "failed");
  byId("summary").hidden = items.length === 0;
  const parts = [`${done.length} of ${items.length} done`];
  if (failed.length > 0) parts.push(`${failed.length} failed`);
  const [before, after] = done.reduce(([b, a], { report }) => [b + report.inputBytes, a + report.outputBytes], [0, 0]);
  if (before > 0) parts.push(`${size(before)} → ${size(after)} (${after <= before ? "−" : "+"}${Math.abs(Math.round(100 * (1 - after / before)))} %)`);
  const text = parts.join(", ");
  if (byId("totals").textContent !== text) {
    byId("totals").textContent = text;
    announce();
  }
  byId("download-all").disabled = done.length === 0;
  byId("download-all").textContent = done.length > 1 ? `Download all ${done.length}` : "Download all";
  byId("retry-failed").hidden = failed.length === 0;
  remember();
}

// Images

function add(files) {
  const images = [...files].filter((file) => file.size > 0 && !file.name.startsWith("."));
  lastQuery = new URLSearchParams(query()).toString();
  for (const file of images) {
    const item = new Item(file, query(), refresh);
    items.push(item);
    item.part(".do-compare").addEventListener("click", () => compare(item));
    item.part(".do-retry").addEventListener("click", () => again([item]));
    item.part(".do-remove").addEventListener("click", () => remove(item));
  }
  refresh();
  startNext(items);
}

function again(some) {
  lastQuery = new URLSearchParams(query()).toString();
  for (const item of some) {
    item.release();
    item.reset(query());
  }
  startNext(items);
}

function remove(item) {
  const next = item.element.nextElementSibling ?? item.element.previousElementSibling;
  items.splice(items.indexOf(item), 1);
  item.remove();
  (next?.querySelector(".do-remove") ?? byId("choose")).focus();
  refresh();
  startNext(items);
}

byId("clear").addEventListener("click", () => {
  for (const item of items.splice(0)) item.remove();
  refresh();
  byId("choose").focus();
});
byId("refit").addEventListener("click", () => again(items.filter((item) => item.state !== "active")));
byId("retry-failed").addEventListener("click", () => again(items.filter((item) => item.state === "failed")));
byId("download-all").addEventListener("click", async () => {
  const done = items.filter((item) => item.state === "done");
  const file = await zip(done.map((item) => ({ name: item.outputName, blob: item.result })));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "snug.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});

// Adding: by buttons, by dropping anywhere, and from the clipboard

for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", () => {
    add(byId(input).files);
    byId(input).value = "";
  });
}

/** The files of what was dropped, folders included. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const found = [];
  const visit = async (entry) => {
    if (entry.isFile) return found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return undefined;
      for (const inner of some) await visit(inner);
    }
  };
  for (const entry of entries) await visit(entry);
  return found;
}

const zone = byId("drop");
let depth = 0;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => { if (hasFiles(event)) zone.classList.toggle("over", (depth += 1) > 0); });
addEventListener("dragleave", (event) => { if (hasFiles(event)) zone.classList.toggle("over", (depth -= 1) > 0); });
addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  depth = 0;
  zone.classList.remove("over");
  add(await dropped(event.dataTransfer));
});
addEventListener("paste", (event) => { if (event.clipboardData?.files.length) add(event.clipboardData.files); });
addEventListener("beforeunload", (event) => { if (items.some((item) => item.state === "active")) event.preventDefault(); });

restore();
loadProfiles();
