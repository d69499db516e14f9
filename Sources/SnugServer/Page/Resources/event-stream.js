// SPDX-License-Identifier: Apache-2.0
// Server-sent events, read by fetch: an EventSource cannot send a token.

import { ServiceError, refusal, unreachable } from "./api.js";
import { currentToken, replaceToken } from "./token.js";

/** The server writes at least every 15 s; a connection that is silent for longer is dead. */
const longestSilence = 40_000;
const [firstWait, longestWait] = [1000, 15_000];

/** Reads events from text that comes in pieces (WHATWG HTML §9.2.6). */
export class EventParser {
  #rest = "";

  /** The events that a piece completes. */
  push(piece) {
    this.#rest += piece.replaceAll("\r\n", "\n");
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop();
    return blocks.map(parseBlock).filter((event) => event.data !== null);
  }
}

function parseBlock(block) {
  const event = { id: null, name: "message", data: null };
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "id") event.id = value;
    else if (field === "event") event.name = value;
    else if (field === "data") event.data = event.data === null ? value : `${event.data}\n${value}`;
  }
  return event;
}

/**
 * Keeps a connection for events, and makes a new one when it ends.
 * @returns {() => void} Ends it.
 */
export function openEvents(path, { onEvent, onOpen, onProblem }) {
  const stop = new AbortController();
  run(path, { onEvent, onOpen, onProblem }, stop.signal);
  return () => stop.abort();
}

async function run(path, handlers, signal) {
  const memory = { lastID: null };
  for (let wait = firstWait; !signal.aborted; wait = Math.min(longestWait, 2 * wait)) {
    try {
      await follow(path, memory, signal, handlers.onEvent, () => {
        wait = firstWait / 2;
        handlers.onOpen();
      });
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof ServiceError ? error : unreachable();
      handlers.onProblem(problem, wait / 1000);
      // What the server refuses it refuses again.
      if (problem.status >= 400 && problem.status < 500) return;
    }
    await new Promise((resolve) => { setTimeout(resolve, wait); });
  }
}

async function follow(path, memory, signal, onEvent, onOpen) {
  const connection = new AbortController();
  const end = () => connection.abort();
  signal.addEventListener("abort", end, { once: true });
  let timer = setTimeout(end, longestSilence);
  try {
    const response = await connect(path, memory.lastID, connection.signal);
    onOpen();
    const [reader, parser] = [response.body.pipeThrough(new TextDecoderStream()).getReader(), new EventParser()];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, longestSilence);
      for (const event of parser.push(value)) {
        memory.lastID = event.id;
        onEvent(JSON.parse(event.data));
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

async function connect(path, lastID, signal) {
  for (;;) {
    const token = currentToken();
    const headers = { Accept: "text/event-stream" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    if (lastID !== null) headers["Last-Event-ID"] = lastID;
    const response = await fetch(path, { headers, signal, cache: "no-store" });
    if (response.ok) return response;
    if (response.status === 401 && await replaceToken(token)) continue;
    const error = await response.json().catch(() => ({}));
    throw refusal(response.status, error);
  }
}
