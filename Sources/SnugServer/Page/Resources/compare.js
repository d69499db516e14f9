// SPDX-License-Identifier: Apache-2.0
// The comparison of an image before and after, with a slider and zoom.

import { announce } from "./announcer.js";
import { displayable, previewSide } from "./preview.js";
import { createStage } from "./stage.js";
import { saving, size } from "./words.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("compare");
const stage = createStage();
let [shown, all, urls, request] = [null, [], [], null];

/** Opens the comparison of a finished item; the others are reached from there. */
export function openComparison(item, finished) {
  all = finished;
  dialog.showModal();
  show(item);
}

async function show(item) {
  shown = item;
  const { report, file, result, name } = item;
  byId("compare-title").textContent = name;
  byId("before-label").textContent = `Before, ${size(report.inputBytes)}`;
  byId("after-label").textContent = `After, ${size(report.outputBytes)} (${saving(report.inputBytes, report.outputBytes)})`;
  byId("compare-note").textContent = "";
  byId("compare-previous").disabled = all.indexOf(item) <= 0;
  byId("compare-next").disabled = all.indexOf(item) === all.length - 1;
  wait("Preparing the comparison…");
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const sides = await Promise.all([
      displayable(file, report.width * report.height, signal),
      displayable(result, report.outputWidth * report.outputHeight, signal),
    ]);
    if (signal.aborted) return;
    release();
    urls = sides.map((side) => URL.createObjectURL(side.blob));
    await stage.show(urls);
    if (signal.aborted) return;
    if (sides.some((side) => side.isPreview)) {
      byId("compare-note").textContent =
        `This image is compared by previews of at most ${previewSide} pixels a side. The download has every pixel of the result.`;
    }
    wait("");
    announce(`Comparing ${name}`);
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return;
    wait(`The comparison cannot be shown. ${error.message}`);
  }
}

function wait(text) {
  byId("compare-wait").textContent = text;
  byId("compare-wait").hidden = text === "";
}

function release() {
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
}

function step(distance) {
  const next = all[all.indexOf(shown) + distance];
  if (next) show(next);
}

byId("compare-previous").addEventListener("click", () => step(-1));
byId("compare-next").addEventListener("click", () => step(1));
byId("compare-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  request?.abort();
  stage.clear();
  release();
  shown?.part(".do-compare").focus();
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "[") step(-1);
  else if (event.key === "]") step(1);
});
