// SPDX-License-Identifier: Apache-2.0
// Small images of results, made by the server: a tab that decodes a hundred large ones is slow, or dies.
//
// Only rows that are in sight get one, one at a time, so that thumbnails never hold up the images themselves.

import { send } from "./api.js";

const queue = [];
const items = new Map();
let isRunning = false;

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    observer.unobserve(entry.target);
    queue.push(items.get(entry.target));
    items.delete(entry.target);
  }
  work();
}, { rootMargin: "200px" });

/** Gives a finished item its thumbnail once its row is in sight. */
export function requestThumbnail(item) {
  items.set(item.element, item);
  // Observed again, so that a row in sight is reported again after another fit.
  observer.unobserve(item.element);
  observer.observe(item.element);
}

async function work() {
  if (isRunning) return;
  isRunning = true;
  for (let item = queue.shift(); item; item = queue.shift()) {
    if (item.state === "done") await load(item);
  }
  isRunning = false;
}

async function load(item) {
  try {
    const query = "/v1/fit?max-side=160&limit=40kB&effort=fast";
    const made = await send("POST", query, { body: item.result, signal: item.stop.signal });
    const image = item.part(".thumb img");
    image.onload = () => URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(made.response);
  } catch {
    // The row is complete without it.
  }
}
