// SPDX-License-Identifier: Apache-2.0
// The watched folders: how each is watched, how far it is, how fast it goes, and its pause.

import { sentence } from "./api.js";
import { button, keepFocus, make, named, reconcile } from "./elements.js";
import { inState } from "./job-filter.js";
import { clock, count, duration, plural, relative } from "./words.js";

const byId = (id) => document.getElementById(id);

/** The parts of a folder's bar, in its order. */
const segments = ["delivered", "running", "waiting", "paused", "held", "failed"];

/** How changes in a folder are noticed, and what waits in it before it is a job. */
function watching(folder) {
  if (!folder) return "";
  if (folder.is_present === false) return `${folder.inbox} is missing; files are taken once it is there again`;
  const parts = [folder.watch_mode && `Watched by ${folder.watch_mode}`];
  if (folder.settling > 0) parts.push(`${plural(folder.settling, "file")} not complete or not quiet yet`);
  return parts.filter(Boolean).join("; ");
}

/** The speed of a folder and the time that is left, as far as they are known. */
function speed(rate, left) {
  if (left === 0) return "Nothing waits";
  if (rate === null || rate === 0) return `${plural(left, "job")} to go`;
  const perMinute = rate >= 10 ? count(Math.round(rate)) : rate.toFixed(1);
  return `${plural(left, "job")} to go, ${perMinute} a minute, about ${duration(60 * left / rate)} left`;
}

function createFolder(book, { onFilter }) {
  const name = book.folder || "without a folder";
  return make("li", { className: "folder" },
    make("div", { className: "folder-head" },
      make("h4", {}, button(name, `Show the jobs of folder ${name}`, () => onFilter({ folder: book.folder }), "folder-name")),
      make("span", { className: "folder-pause" })),
    make("p", { className: "folder-mode" }), make("ul", { className: "unsettled" }), make("p", { className: "folder-speed" }),
    make("div", { className: "bar", "aria-hidden": "true" }, ...segments.map((state) => make("span", { dataset: { state } }))),
    make("ul", { className: "folder-counts" }));
}

function updateFolder(card, { book, folder, hold, rate }, { onFilter, onPause, onResume }) {
  const find = (name) => card.querySelector(`.${name}`);
  find("folder-mode").textContent = watching(folder);
  find("folder-mode").classList.toggle("missing", folder?.is_present === false);
  reconcile(find("unsettled"), folder?.unsettled ?? [], (file) => file.name, () => make("li"),
    (item, file) => item.replaceChildren(named(file.name), `: ${file.reason}`));
  find("folder-speed").textContent = hold
    ? `Paused ${hold.until ? `until ${clock(hold.until)}` : "until you resume it"}` : speed(rate, book.waiting);
  for (const segment of find("bar").children) {
    segment.style.flexGrow = inState(book, segment.dataset.state);
    segment.hidden = inState(book, segment.dataset.state) === 0;
  }
  reconcile(find("folder-counts"), segments.filter((state) => inState(book, state) > 0), (state) => state,
    (state) => make("li", {}, button("", "", () => onFilter({ folder: book.folder, states: [state] }), "count")),
    (item, state) => {
      const press = item.firstElementChild;
      press.dataset.state = state;
      press.textContent = `${count(inState(book, state))} ${state}`;
      press.setAttribute("aria-label", `Show ${count(inState(book, state))} ${state} jobs of folder ${book.folder}`);
    });
  const isPaused = hold !== undefined;
  const slot = find("folder-pause");
  if (slot.dataset.paused === String(isPaused)) return;
  slot.dataset.paused = isPaused;
  const press = isPaused
    ? button("Resume", `Resume folder ${book.folder}`, () => onResume(hold))
    : button("Pause…", `Pause folder ${book.folder}`, () => onPause({ folder: book.folder }, `folder ${book.folder}`));
  keepFocus(slot, byId("main"), () => slot.replaceChildren(press));
}

/** The folders to show: those with jobs, and those that are watched and had none yet. */
function booksOf(state) {
  const counted = new Set(state.books.map((book) => book.folder));
  const empty = { seen: 0, delivered: 0, failed: 0, held: 0, cancelled: 0, waiting: 0, running: 0, paused: 0 };
  const others = (state.daemon?.folders ?? []).filter((folder) => !counted.has(folder.name));
  return [...state.books, ...others.map((folder) => ({ folder: folder.name, ...empty }))];
}

/** Shows the folders of a state of the ledger. */
export function showFolders(state, rates, handlers) {
  const now = Date.now();
  const folders = new Map((state.daemon?.folders ?? []).map((folder) => [folder.name, folder]));
  const holds = new Map(state.holds.filter((hold) => hold.hold === "pause" && hold.scope === "folder").map((hold) => [hold.name, hold]));
  const cards = booksOf(state).map((book) => ({
    book, folder: folders.get(book.folder), hold: holds.get(book.folder), rate: rates.perMinute(book.folder, now),
  }));
  byId("folders").hidden = cards.length === 0;
  reconcile(byId("folder-list"), cards, (card) => card.book.folder, (card) => createFolder(card.book, handlers),
    (element, card) => updateFolder(element, card, handlers));
}

/** The subject of a pause or a provider's limit. */
export function subjectOf(hold) {
  return hold.scope === "all" ? "everything" : `${hold.scope} ${hold.name}`;
}

function holdText(hold) {
  const end = hold.until ? `until ${clock(hold.until)} (${relative(hold.until)})` : "until you resume it";
  if (hold.hold === "pause") return `${subjectOf(hold)} is paused ${end}.`;
  return `Submissions of ${subjectOf(hold)} wait ${end}. ${sentence(hold.reason.message)}`;
}

/** Says why the daemon begins nothing, such as a full disk, or that it stops. */
export function showDaemon({ pause, phase } = {}) {
  const texts = [pause && `No work begins. ${sentence(pause.message)}`, phase === "draining" && "The daemon is stopping."];
  const text = texts.filter(Boolean).join(" ");
  byId("daemon").hidden = text === "";
  // The same text is no change.
  if (byId("daemon").textContent !== text) byId("daemon").textContent = text;
}

/** Shows the pauses and the providers' limits in force. */
export function showHolds(holds, { onResume }) {
  const show = () => reconcile(byId("holds"), holds, (hold) => `${hold.hold} ${hold.scope} ${hold.name ?? ""}`,
    (hold) => make("li", { className: "hold", dataset: { kind: hold.hold } }, make("p"),
      hold.hold === "pause" ? button("Resume", `Resume ${subjectOf(hold)}`, () => onResume(hold)) : ""),
    (element, hold) => { element.querySelector("p").textContent = sentence(holdText(hold)); });
  keepFocus(byId("holds"), byId("main"), show);
  byId("holds").hidden = holds.length === 0;
}
