// SPDX-License-Identifier: Apache-2.0
// The order in which images are sent.

/** Requests at once: the server has a queue of its own, and other clients. */
export const maximumActive = 3;

/** Starts waiting items, a few at once, in order; each that ends starts the next. */
export function startNext(items) {
  let active = items.filter((item) => item.state === "active").length;
  for (const item of items) {
    if (active >= maximumActive) return;
    if (item.state !== "waiting") continue;
    active += 1;
    item.run().finally(() => startNext(items));
  }
}
