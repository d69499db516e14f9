// SPDX-License-Identifier: Apache-2.0
// Speeds of folders, from their counts at several moments.

/** Speeds are those of the last two minutes. */
const period = 120_000;

/** The counts of the last moments. */
export class Rates {
  #samples = [];

  /** Takes note of counts. */
  add(books, now) {
    const delivered = new Map(books.map((book) => [book.folder, book.delivered]));
    this.#samples.push({ at: now, delivered });
    while (this.#samples.length > 2 && this.#samples[1].at <= now - period) this.#samples.shift();
  }

  /** Jobs delivered a minute in a folder; null while there are too few moments to tell. */
  perMinute(folder, now) {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || now - first.at < 2000 || !first.delivered.has(folder) || !last.delivered.has(folder)) return null;
    return 60_000 * Math.max(0, last.delivered.get(folder) - first.delivered.get(folder)) / (now - first.at);
  }
}
