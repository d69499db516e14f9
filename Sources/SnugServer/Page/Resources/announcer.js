// SPDX-License-Identifier: Apache-2.0
// Changes said aloud by screen readers.

const region = document.getElementById("announcer");
let timer = null;

/** Says a text once. What changes again within a moment is said in its last form only. */
export function announce(text) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // The same text twice is a change too, which readers notice only in an emptied region.
    region.textContent = "";
    requestAnimationFrame(() => { region.textContent = text; });
  }, 300);
}
