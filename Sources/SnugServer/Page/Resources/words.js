// SPDX-License-Identifier: Apache-2.0
// Numbers and moments as text for people.

/** Bytes in decimal units, as the server writes them. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  if (unit === 0) return `${bytes} bytes`;
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A whole number with separators: 100,000. */
export const count = (number) => number.toLocaleString("en");

/** A number with its noun: `1 image`, `2 images`. */
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** The change of a size: `−93 %`. */
export function saving(before, after) {
  const percent = Math.round(100 * (1 - after / Math.max(1, before)));
  return percent > 0 ? `−${percent} %` : percent < 0 ? `+${-percent} %` : "±0 %";
}

/** A time span with its two largest units at most: `1 h 30 min`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** A moment relative to now: `5 min ago`, `in 2 h`. */
export function relative(moment, now = Date.now()) {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  return seconds < 0 ? `${duration(-seconds)} ago` : `in ${duration(seconds)}`;
}

/** A moment by the reader's clock: the time alone for today, else with its date. */
export function clock(moment, now = Date.now()) {
  const date = new Date(moment);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const isThisYear = date.getFullYear() === new Date(now).getFullYear();
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: isThisYear ? undefined : "numeric" });
  return `${day}, ${time}`;
}
