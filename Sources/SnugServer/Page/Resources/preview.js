// SPDX-License-Identifier: Apache-2.0
// Images that a tab can bear to show.

import { send } from "./api.js";

/** Images of more pixels are shown by a preview that the server makes: the tab never decodes them. */
const largestShown = 16_000_000;
/** Types that every browser shows. */
const shownTypes = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** Longest side of a preview. */
export const previewSide = 2048;

/** An image itself where the browser shows it, else the server's preview of it. */
export async function displayable(blob, pixels, signal) {
  if (pixels <= largestShown && shownTypes.has(blob.type)) return { blob, isPreview: false };
  const made = await send("POST", `/v1/fit?max-side=${previewSide}&limit=3MB&salvage=true&effort=fast`, { body: blob, signal });
  return { blob: made.response, isPreview: true };
}
