// SPDX-License-Identifier: Apache-2.0
// Questions asked before something that is hard to undo, or that needs a moment.

const byId = (id) => document.getElementById(id);

/** Shows a dialog and resolves to its return value; the focus goes back to where it was. */
function answer(dialog) {
  const before = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    if (before?.isConnected) before.focus();
    else byId("main").focus();
    resolve(dialog.returnValue);
  }, { once: true }));
}

/**
 * Asks for consent. Resolves to true when it is given.
 * @param {(string | Node)[]} title
 */
export async function confirmed(title, text, action) {
  byId("confirm-title").replaceChildren(...title);
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = action;
  return await answer(byId("confirm")) === "yes";
}

/**
 * Asks how long a pause lasts.
 * @param {(string | Node)[]} title
 * @param {string} text
 * @returns {Promise<{until: string | null} | null>} The end, as the API takes it, null for none; or null for no pause.
 */
export async function pauseEnd(title, text) {
  byId("pause-title").replaceChildren(...title);
  byId("pause-text").textContent = text;
  const form = byId("pause").querySelector("form");
  form.reset();
  byId("pause-at").min = localMinute(new Date(Date.now() + 60_000));
  byId("pause-at").value = localMinute(new Date(Date.now() + 4 * 3_600_000));
  if (await answer(byId("pause")) !== "yes") return null;
  const choice = form.elements.namedItem("length").value;
  if (choice === "open") return { until: null };
  if (choice !== "at") return { until: choice };
  return { until: new Date(byId("pause-at").value).toISOString().replace(/:\d\d\.\d+Z$/, "Z") };
}

/** A moment as fields for date and time have it. */
function localMinute(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

// Whoever sets a moment means that moment.
byId("pause-at").addEventListener("input", () => { byId("pause").querySelector("[value=at]").checked = true; });

// These submit nothing: Enter in a field presses the first button that does, which has to be the one that agrees.
for (const cancel of document.querySelectorAll(".question .cancel")) {
  cancel.addEventListener("click", () => cancel.closest("dialog").close("cancel"));
}
