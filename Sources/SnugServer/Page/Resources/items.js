// SPDX-License-Identifier: Apache-2.0
// The images on the page: each is sent, waits, is fitted, and is done or failed with its reason.

import { pause, send } from "/assets/api.js";

/** Requests at once: the server has a queue of its own, and other clients. */
const maximumActive = 3;

const template = document.getElementById("row");
const list = document.getElementById("list");

/** Bytes for people, as the server writes them. */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${bytes} bytes` : `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const number = (request, name) => Number(request.getResponseHeader(`Snug-${name}`)) || 0;

function report(request) {
  const name = /filename\*=UTF-8''([^;]+)/.exec(request.getResponseHeader("Content-Disposition") ?? "");
  return {
    status: request.getResponseHeader("Snug-Status"), inputBytes: number(request, "Input-Bytes"),
    outputBytes: number(request, "Output-Bytes"), width: number(request, "Width"), height: number(request, "Height"),
    outputWidth: number(request, "Output-Width"), outputHeight: number(request, "Output-Height"),
    quality: number(request, "Quality"), name: name && decodeURIComponent(name[1]),
  };
}

/** One image of the list. */
export class Item {
  constructor(file, query, onChange) {
    this.file = file;
    this.name = file.name;
    this.onChange = onChange;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part(".name").textContent = file.name;
    this.part(".name").title = file.webkitRelativePath || file.name;
    const label = (selector, words) => this.part(selector).setAttribute("aria-label", `${words} ${file.name}`);
    label(".do-compare", "Compare before and after of");
    label(".do-download", "Download");
    label(".do-retry", "Try again:");
    label(".do-remove", "Remove");
    label("progress", "Progress of");
    list.append(this.element);
    this.reset(query);
  }

  part(selector) { return this.element.querySelector(selector); }

  /** Starts over with other limits. */
  reset(query) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.query = query;
    this.state = "waiting";
    this.result = null;
    this.show(`${size(this.file.size)}, waiting`, 0);
  }

  show(words, progress) {
    const isBusy = this.state === "waiting" || this.state === "active";
    this.part(".state").textContent = words;
    const bar = this.part("progress");
    bar.hidden = !isBusy;
    if (progress === null) bar.removeAttribute("value");
    else bar.value = progress;
    this.element.classList.toggle("failed", this.state === "failed");
    this.part(".do-compare").hidden = this.state !== "done";
    this.part(".do-download").hidden = this.state !== "done";
    this.part(".do-retry").hidden = this.state !== "failed";
    if (this.state !== "done") this.part(".saving").textContent = "";
    this.onChange(this);
  }

  /** Sends the image, again when the server is busy, and shows what came back. */
  async run() {
    const { signal } = this.stop;
    this.state = "active";
    try {
      for (;;) {
        try {
          this.show("Sending", 0);
          const form = new FormData();
          for (const [name, value] of this.query) form.append(name, value);
          form.append("image", this.file);
          const made = await send("POST", "/v1/fit", {
            body: form, signal,
            onProgress: (share) => share < 1 ? this.show("Sending", share) : this.show("Fitting", null),
          });
          if (!signal.aborted) this.finish(made);
          return;
        } catch (error) {
          if (error.status !== 503 || error.retryAfter === null) throw error;
          this.show("The server is busy; next in line", null);
          await pause(error.retryAfter, signal);
        }
      }
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.state = "failed";
      this.show(error.message, 0);
    }
  }

  finish(made) {
    this.result = made.response;
    this.report = report(made);
    const { inputBytes, outputBytes, width, height, outputWidth, outputHeight, quality, status } = this.report;
    const stem = this.name.replace(/\.[^.]*$/, "") || "image";
    const end = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" }[this.result.type] ?? "bin";
    this.outputName = this.report.name ?? `${stem}.${end}`;
    this.state = "done";
    const scaled = width === outputWidth && height === outputHeight
      ? `${width} × ${height}` : `${width} × ${height} → ${outputWidth} × ${outputHeight}`;
    const how = status === "copied" ? "fits as it is" : status === "stripped" ? "same pixels, less around them"
      : quality > 0 ? `quality ${Math.round(quality)}` : "without loss";
    this.show(`${size(inputBytes)} → ${size(outputBytes)}, ${scaled}, ${how}`, 1);
    const saved = Math.round(100 * (1 - outputBytes / Math.max(1, inputBytes)));
    this.part(".saving").textContent = saved > 0 ? `−${saved} %` : saved < 0 ? `+${-saved} %` : "±0 %";
    this.link ??= URL.createObjectURL(this.result);
    const download = this.part(".do-download");
    download.href = this.link;
    download.download = this.outputName;
    this.showThumbnail();
  }

  /** A small image made by the server: a tab that decodes a hundred large ones is slow. */
  async showThumbnail() {
    try {
      const made = await send("POST", "/v1/fit?max-side=144&limit=40kB", { body: this.result, signal: this.stop.signal });
      const image = this.part(".thumb img");
      image.onload = () => URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(made.response);
    } catch {
      // The row is complete without it.
    }
  }

  release() {
    if (this.link) URL.revokeObjectURL(this.link);
    this.link = null;
  }

  remove() {
    this.stop.abort();
    this.release();
    this.element.remove();
  }
}

/** Starts waiting items, a few at once, in order. */
export function startNext(items) {
  let active = items.filter((item) => item.state === "active").length;
  for (const item of items) {
    if (active >= maximumActive) return;
    if (item.state !== "waiting") continue;
    active += 1;
    item.run().finally(() => startNext(items));
  }
}
