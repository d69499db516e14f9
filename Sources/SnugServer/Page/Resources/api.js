// SPDX-License-Identifier: Apache-2.0
// Requests to the server that the page came from.

import { currentToken, replaceToken } from "./token.js";

/** A failure with its stable code, and a text that says what to do. */
export class ServiceError extends Error {
  constructor(status, code, message, retryAfter = null, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.details = details;
  }
}

/** The failure that a response of the server reports, for people. */
export function refusal(status, { error = "unknown", message, details } = {}, retryAfter = null) {
  const text = error === "token_missing" ? "This server asks for a token, and none was given."
    : error === "token_wrong" ? "That token was refused."
    : message ? sentence(message) : `The server answered with status ${status}.`;
  return new ServiceError(status, error, text, retryAfter, details);
}

export const unreachable = () => new ServiceError(0, "unreachable", "The server cannot be reached. Check that it is running.");

/**
 * Sends a request with progress, and asks for the token where it is needed.
 * @returns {Promise<XMLHttpRequest>}
 */
export async function send(method, path, { body, onProgress, signal, type = "blob" } = {}) {
  for (;;) {
    const token = currentToken();
    const request = await attempt(method, path, body, onProgress, signal, type, token);
    if (request.status < 400) return request;
    if (request.status !== 401 || !await replaceToken(token)) throw await failure(request);
  }
}

/** The JSON of a response. */
export async function json(method, path, signal) {
  return (await send(method, path, { type: "json", signal })).response;
}

function attempt(method, path, body, onProgress, signal, type, token) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.responseType = type;
    if (token !== null) request.setRequestHeader("Authorization", `Bearer ${token}`);
    if (onProgress) request.upload.onprogress = (event) => onProgress(event.loaded / Math.max(1, event.total));
    request.onload = () => resolve(request);
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    if (signal?.aborted) reject(new DOMException("stopped", "AbortError"));
    else request.send(body);
  });
}

async function failure(request) {
  const retryAfter = Number(request.getResponseHeader("Retry-After")) || null;
  try {
    const text = request.response instanceof Blob ? await request.response.text() : JSON.stringify(request.response);
    return refusal(request.status, JSON.parse(text) ?? {}, retryAfter);
  } catch {
    return refusal(request.status, {}, retryAfter);
  }
}

/** A message of the server, which may follow a file's name, begins in lower case and has no stop, as a sentence of the page. */
export function sentence(text) {
  const trimmed = text.trim().replace(/^(?=(is|has) )/, "it ");
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?)]$/.test(start) ? start : `${start}.`;
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
