// SPDX-License-Identifier: Apache-2.0
// The token that a server may ask for: kept until the tab is closed.

const key = "snug-token";
/** The event of the window when a token is given after requests went without: what failed can be read now. */
export const lateToken = "snug-late-token";
let asking = null;
/** True after a person closed the dialog without a token: nothing opens it before the person asks for something again. */
let isDeclined = false;
/** True while requests have failed for the want of a token. */
let isLate = false;

/** The token, or null while none is known. */
export const currentToken = () => sessionStorage.getItem(key);

/** Lets the next request that needs a token ask for it, because a person asked for something. */
export function mayAskAgain() { isDeclined = false; }

/** Asks for the token once, however many requests need it. Resolves to true when there is one. */
function ask(wasRefused) {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("ask-token");
    const input = document.getElementById("token");
    const refused = document.getElementById("token-refused");
    dialog.addEventListener("close", () => {
      const isGiven = dialog.returnValue === "ok" && input.value !== "";
      if (isGiven) sessionStorage.setItem(key, input.value);
      const hadFailures = isLate;
      isDeclined = isLate = !isGiven;
      input.value = "";
      refused.textContent = "";
      asking = null;
      resolve(isGiven);
      if (isGiven && hadFailures) dispatchEvent(new Event(lateToken));
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
    // In the open dialog: what is behind it is not read out.
    refused.textContent = wasRefused ? "That token was refused." : "";
    input.setAttribute("aria-invalid", wasRefused);
  });
  return asking;
}

/** Handles a refused token: true when the request may be sent again with another. */
export async function replaceToken(refused) {
  if (refused !== null && refused === currentToken()) sessionStorage.removeItem(key);
  return currentToken() !== null || (!isDeclined && ask(refused !== null));
}
