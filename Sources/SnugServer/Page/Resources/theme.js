// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it.

const key = "snug-theme";
const choice = document.getElementById("theme");

function apply() {
  if (choice.value) document.documentElement.dataset.theme = choice.value;
  else delete document.documentElement.dataset.theme;
}

/** Takes up the theme that was chosen last. */
export function startTheme() {
  choice.value = localStorage.getItem(key) ?? "";
  apply();
  choice.addEventListener("change", () => {
    localStorage.setItem(key, choice.value);
    apply();
  });
}
