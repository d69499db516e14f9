// SPDX-License-Identifier: Apache-2.0
// The token that a server may ask for: kept until the tab is closed.

const key = "snug-token";
let asking = null;

/** The token, or null while none is known. */
export const currentToken = () => sessionStorage.getItem(key);

/** Asks for the token once, however many requests need it. Resolves to true when there is one. */
function ask() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("ask-token");
    const input = document.getElementById("token");
    dialog.addEventListener("close", () => {
      const isGiven = dialog.returnValue === "ok" && input.value !== "";
      if (isGiven) sessionStorage.setItem(key, input.value);
      input.value = "";
      asking = null;
      resolve(isGiven);
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asking;
}

/** Handles a refused token: true when the request may be sent again with another. */
export async function replaceToken(refused) {
  if (refused !== null && refused === currentToken()) sessionStorage.removeItem(key);
  return currentToken() !== null || ask();
}
