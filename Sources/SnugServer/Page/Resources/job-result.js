// SPDX-License-Identifier: Apache-2.0
// The files that a job delivered, saved by the reader's browser.

import { send } from "./api.js";
import { fileName } from "./report.js";
import { saveFile } from "./saving.js";

/** Saves every result of a delivered job. */
export async function saveResults(job) {
  let total = 1;
  for (let number = 1; number <= total; number += 1) {
    const response = await send("GET", `/v1/jobs/${job.id}/result${number === 1 ? "" : `?number=${number}`}`);
    total = Number(response.getResponseHeader("Snug-Results")) || 1;
    saveFile(response.response, fileName(response.getResponseHeader("Content-Disposition")) ?? job.name.split("/").at(-1));
  }
}
