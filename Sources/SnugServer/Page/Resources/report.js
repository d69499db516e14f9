// SPDX-License-Identifier: Apache-2.0
// The report of a fit, which the server puts into the header fields of its response.

import { saving, size } from "./words.js";

const endings = { "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp" };

/** The texts of a list of display strings (RFC 9651): `%"a", %"b"`. */
function displayStrings(field) {
  return [...(field ?? "").matchAll(/%"([^"]*)"/g)].map((match) => decodeURIComponent(match[1]));
}

/** The file name of a Content-Disposition (RFC 6266), in any letters or in ASCII; null where there is none. */
export function fileName(disposition) {
  const anyLetters = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "");
  if (anyLetters) return decodeURIComponent(anyLetters[1]);
  const quoted = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition ?? "");
  return quoted ? quoted[1].replace(/\\(.)/g, "$1") : null;
}

/**
 * Reads a report.
 * @param {(name: string) => string | null} field The value of a header field.
 */
export function readReport(field) {
  const number = (name) => Number(field(`Snug-${name}`)) || 0;
  return {
    status: field("Snug-Status"),
    inputBytes: number("Input-Bytes"), outputBytes: number("Output-Bytes"),
    width: number("Width"), height: number("Height"),
    outputWidth: number("Output-Width"), outputHeight: number("Output-Height"),
    quality: number("Quality"), seconds: number("Seconds"), format: field("Snug-Format") ?? "",
    warnings: displayStrings(field("Snug-Warnings")),
    name: fileName(field("Content-Disposition")),
  };
}

/** The name of a result: the server's, or the input's with the ending of its new type. */
export function outputName(report, inputName, type) {
  if (report.name) return report.name;
  const stem = inputName.replace(/\.[^.]*$/, "") || "image";
  return `${stem}.${endings[type] ?? "bin"}`;
}

/** The facts of a result, the most important first. */
export function facts(report) {
  const { width, height, outputWidth, outputHeight, quality, status } = report;
  const isScaled = width !== outputWidth || height !== outputHeight;
  const looks = status === "copied" ? "fits as it is"
    : status === "stripped" ? "same pixels, without metadata"
    : quality > 0 ? `quality ${Math.round(quality)}` : "lossless";
  return [
    `${size(report.inputBytes)} → ${size(report.outputBytes)}`,
    isScaled ? `${width} × ${height} → ${outputWidth} × ${outputHeight}` : `${width} × ${height}`,
    `${report.format.toUpperCase()}, ${looks}`,
  ];
}

/** Sizes of all results together. */
export function total(reports) {
  const before = reports.reduce((sum, report) => sum + report.inputBytes, 0);
  const after = reports.reduce((sum, report) => sum + report.outputBytes, 0);
  return before === 0 ? "" : `${size(before)} → ${size(after)} (${saving(before, after)})`;
}
