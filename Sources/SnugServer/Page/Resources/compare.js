// SPDX-License-Identifier: Apache-2.0
// The comparison of an image before and after, with a slider and zoom.

import { send } from "/assets/api.js";

/** Images of more pixels are shown by a preview that the server makes: the tab never decodes them. */
const largestShown = 16_000_000;
const previewSide = 2048;

const dialog = document.getElementById("compare");
const layers = document.getElementById("layers");
const stage = document.getElementById("stage");
const wait = document.getElementById("compare-wait");
const slide = document.getElementById("slide");
let [scale, natural, urls, request] = [1, { width: 1, height: 1 }, [], null];

function setScale(value) {
  scale = Math.min(8, Math.max(0.05, value));
  layers.style.setProperty("--wide", Math.round(natural.width * scale));
  layers.style.setProperty("--high", Math.round(natural.height * scale));
  document.getElementById("zoom").value = `${Math.round(scale * 100)}%`;
}

function fitScale() {
  setScale(Math.min(1, stage.clientWidth / natural.width, stage.clientHeight / natural.height));
}

function setShare() {
  layers.style.setProperty("--share", slide.value);
  slide.setAttribute("aria-valuetext", `${slide.value} % before, ${100 - slide.value} % after`);
}

/** A picture of a blob that a tab can bear: itself, or the server's preview. */
async function shown(blob, pixels, signal) {
  if (pixels <= largestShown) return { url: URL.createObjectURL(blob), isPreview: false };
  const made = await send("POST", `/v1/fit?max-side=${previewSide}&limit=2MB&salvage=true`, { body: blob, signal });
  return { url: URL.createObjectURL(made.response), isPreview: true };
}

/** Opens the comparison of an item that is done. */
export async function compare(item) {
  document.getElementById("compare-title").textContent = item.name;
  document.getElementById("compare-note").textContent = "";
  wait.textContent = "Preparing the comparison…";
  wait.hidden = false;
  dialog.showModal();
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const pixels = item.report.width * item.report.height;
    const sides = await Promise.all([
      shown(item.file, pixels, signal), shown(item.result, item.report.outputWidth * item.report.outputHeight, signal),
    ]);
    if (signal.aborted) return;
    release();
    urls = sides.map((side) => side.url);
    const images = ["before", "after"].map((id, index) => {
      const image = document.getElementById(id);
      image.src = urls[index];
      return image;
    });
    await Promise.all(images.map((image) => image.decode()));
    const larger = images[0].naturalWidth >= images[1].naturalWidth ? images[0] : images[1];
    natural = { width: larger.naturalWidth, height: larger.naturalHeight };
    if (sides.some((side) => side.isPreview)) {
      document.getElementById("compare-note").textContent =
        `Large images are compared by previews of ${previewSide} pixels. The download has every pixel of the result.`;
    }
    wait.hidden = true;
    slide.value = 50;
    setShare();
    fitScale();
    slide.focus();
  } catch (error) {
    if (error.name === "AbortError") return;
    wait.textContent = `The comparison cannot be shown: ${error.message}`;
  }
}

function release() {
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [];
}

slide.addEventListener("input", setShare);
document.getElementById("zoom-in").addEventListener("click", () => setScale(scale * 1.5));
document.getElementById("zoom-out").addEventListener("click", () => setScale(scale / 1.5));
document.getElementById("zoom-fit").addEventListener("click", fitScale);
document.getElementById("compare-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  request?.abort();
  release();
  for (const id of ["before", "after"]) document.getElementById(id).removeAttribute("src");
});
dialog.addEventListener("keydown", (event) => {
  if (event.key === "+" || event.key === "=") setScale(scale * 1.5);
  else if (event.key === "-") setScale(scale / 1.5);
  else if (event.key === "0") fitScale();
});
stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  setScale(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
}, { passive: false });
// Dragging over the image moves the edge.
layers.addEventListener("pointerdown", (event) => {
  layers.setPointerCapture(event.pointerId);
  const follow = (moved) => {
    const box = layers.getBoundingClientRect();
    slide.value = Math.round(100 * Math.min(1, Math.max(0, (moved.clientX - box.left) / box.width)));
    setShare();
  };
  follow(event);
  layers.addEventListener("pointermove", follow);
  layers.addEventListener("pointerup", () => layers.removeEventListener("pointermove", follow), { once: true });
});
for (const id of ["before", "after"]) document.getElementById(id).draggable = false;
