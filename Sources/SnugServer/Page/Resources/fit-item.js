// SPDX-License-Identifier: Apache-2.0
// One image of the list: it is sent, waits, is fitted, and is done or failed with its reason; or it becomes a job.

import { pause, send, ServiceError } from "./api.js";
import { optionsText } from "./fit-options.js";
import { facts, outputName, readReport } from "./report.js";
import { requestThumbnail } from "./thumbnails.js";
import { saving, size } from "./words.js";

const template = document.getElementById("row");

/** An image with its row. */
export class Item {
  /**
   * @param {File} file
   * @param {string} path The path below the folder that was added; the name for a single file.
   * @param {(item: Item) => void} onChange Called when the state or the text changes.
   */
  constructor(file, path, query, onChange) {
    this.file = file;
    this.name = file.name;
    this.folder = path.slice(0, path.length - file.name.length);
    this.onChange = onChange;
    this.result = null;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.tabIndex = -1;
    this.part(".name").textContent = file.name;
    this.part(".place").textContent = this.folder;
    this.part(".name").title = path;
    const label = (selector, words) => this.part(selector).setAttribute("aria-label", `${words} ${file.name}`);
    label(".do-compare", "Compare before and after of");
    label(".do-download", "Download");
    label(".do-job", "Show the job of");
    label(".do-retry", "Try again:");
    label(".do-remove", "Remove");
    label("progress", "Progress of");
    this.reset(query);
  }

  part(selector) { return this.element.querySelector(selector); }

  /** True for an image that goes through a pipeline of the server. */
  get isForJob() { return this.query.some(([name]) => name === "pipeline"); }

  /** True for an image whose last request failed, and that has the result of an earlier one. */
  get isKept() { return this.state === "done" && this.error !== null; }

  /** The error, which is beside its field already where it is about an option. */
  get refusal() { return this.error.code === "invalid_parameter" ? "The target was refused." : this.error.message; }

  get isBusy() { return this.state === "waiting" || this.state === "active"; }

  /** The place of the result below the folder that was added. */
  get outputPath() { return this.folder + this.outputName; }

  /** The options of the last request, as text. */
  get triedWith() { return optionsText(this.query); }

  /** The options of what the row has: of its result, or of the request that failed. */
  get madeWith() { return this.result === null ? this.triedWith : this.resultOptions; }

  /** Starts over with other limits. A result stays until there is another. */
  reset(query) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.query = query;
    this.state = "waiting";
    this.error = null;
    this.show([size(this.file.size), "waiting"], 0);
  }

  /** Shows the state, with a share of progress or null for one that is not known. */
  show(words, progress) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement : this.element;
    this.element.dataset.state = this.state;
    this.element.classList.toggle("kept", this.isKept);
    this.part(".state").replaceChildren(...words.map((word) => {
      const part = document.createElement("span");
      part.textContent = word;
      return part;
    }));
    const bar = this.part("progress");
    bar.hidden = !this.isBusy;
    if (progress === null) bar.removeAttribute("value");
    else bar.value = progress;
    this.part(".do-compare").hidden = this.state !== "done";
    this.part(".do-download").hidden = this.state !== "done";
    this.part(".do-job").hidden = this.state !== "sent";
    this.part(".do-retry").hidden = this.state !== "failed";
    this.part(".saving").hidden = this.state !== "done";
    // The button that was pressed is gone.
    if (focused.hidden) this.element.focus();
    this.onChange(this);
  }

  /** Sends the image, again when the server is busy, and shows what came back. */
  async run() {
    const { signal } = this.stop;
    this.state = "active";
    try {
      const response = await this.request(signal);
      if (signal.aborted) return;
      if (this.isForJob) this.accept(response.response.jobs[0]);
      else this.finish(response);
    } catch (error) {
      if (signal.aborted || error.name === "AbortError") return;
      this.error = error;
      this.state = this.result === null ? "failed" : "done";
      if (this.result === null) this.show([error.message], 0);
      else this.show([`${this.refusal} The earlier result is kept.`, ...facts(this.report)], 1);
    }
  }

  async request(signal) {
    if (this.file.size === 0) throw new ServiceError(0, "empty_file", "The file is empty: it has no bytes.");
    const [path, type, word] = this.isForJob ? ["/v1/jobs", "json", "waiting for the job"] : ["/v1/fit", "blob", "fitting"];
    const form = new FormData();
    for (const [name, value] of this.query) form.append(name, value);
    form.append("image", this.file);
    const onProgress = (share) => {
      if (share < 1) this.show([`sending, ${Math.round(100 * share)} %`], share);
      else this.show([word], null);
    };
    for (;;) {
      this.show(["sending"], 0);
      try {
        return await send("POST", path, { body: form, signal, onProgress, type });
      } catch (error) {
        // The server says when it expects a free place; until then it is no failure.
        if (error.status !== 503 || error.retryAfter === null) throw error;
        this.show([`the server is busy; again in ${error.retryAfter} s`], null);
        await pause(error.retryAfter, signal);
      }
    }
  }

  /** The server has the image for good, and goes on by itself. */
  accept(job) {
    this.release();
    this.state = "sent";
    this.part(".do-job").href = `/?view=jobs&job=${encodeURIComponent(job.id)}`;
    this.show([size(this.file.size), job.is_new ? "is a job now" : "was a job already"], 1);
  }

  finish(response) {
    this.release();
    this.result = response.response;
    this.resultOptions = this.triedWith;
    this.report = readReport((name) => response.getResponseHeader(name));
    this.outputName = outputName(this.report, this.name, this.result.type);
    this.state = "done";
    const { inputBytes, outputBytes } = this.report;
    this.part(".saving").textContent = saving(inputBytes, outputBytes);
    this.part(".saving").classList.toggle("grew", outputBytes > inputBytes);
    this.part(".saving").classList.toggle("same", this.part(".saving").textContent.startsWith("±"));
    this.link = URL.createObjectURL(this.result);
    this.part(".do-download").href = this.link;
    this.part(".do-download").download = this.outputName;
    this.show([...facts(this.report), ...this.report.warnings], 1);
    requestThumbnail(this);
  }

  /** Lets the result go, and frees its address. */
  release() {
    if (this.link) URL.revokeObjectURL(this.link);
    [this.link, this.result] = [null, null];
  }

  remove() {
    this.stop.abort();
    this.release();
    this.element.remove();
  }
}
