// SPDX-License-Identifier: Apache-2.0
// Requests to the server that the page came from.

const tokenKey = "snug-token";
let asking = null;

/** A failure with its stable code, and a text that says what to do. */
export class ServiceError extends Error {
  constructor(status, code, message, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Asks for the token once, however many requests need it. Resolves to true when there is one. */
function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("ask-token");
    const input = document.getElementById("token");
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "ok" && input.value !== "";
      if (given) sessionStorage.setItem(tokenKey, input.value);
      input.value = "";
      asking = null;
      resolve(given);
    }, { once: true });
    dialog.returnValue = "";
    dialog.showModal();
  });
  return asking;
}

/**
 * Sends a request with progress, and asks for the token where it is needed.
 * @returns {Promise<XMLHttpRequest>}
 */
export async function send(method, path, { body, onProgress, signal, type = "blob" } = {}) {
  for (;;) {
    const token = sessionStorage.getItem(tokenKey);
    const request = await attempt(method, path, body, onProgress, signal, type, token);
    if (request.status < 400) return request;
    const error = await failure(request);
    if (error.status !== 401) throw error;
    if (token !== null && token === sessionStorage.getItem(tokenKey)) sessionStorage.removeItem(tokenKey);
    if (sessionStorage.getItem(tokenKey) === null && !await askForToken()) throw error;
  }
}

function attempt(method, path, body, onProgress, signal, type, token) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.responseType = type;
    if (token !== null) request.setRequestHeader("Authorization", `Bearer ${token}`);
    if (onProgress) request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    request.onload = () => resolve(request);
    request.onerror = () => reject(new ServiceError(0, "unreachable", "The server cannot be reached. Is it running?"));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

async function failure(request) {
  const retryAfter = Number(request.getResponseHeader("Retry-After")) || null;
  try {
    const text = request.response instanceof Blob ? await request.response.text() : JSON.stringify(request.response);
    const value = JSON.parse(text);
    return new ServiceError(request.status, value.error, value.message, retryAfter);
  } catch {
    return new ServiceError(request.status, "unknown", `The server answered with status ${request.status}.`, retryAfter);
  }
}

/** Waits, or ends with the signal. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    }, { once: true });
  });
}
