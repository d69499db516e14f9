// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

const { EventParser } = await page("event-stream.js");
const { fileName, readReport, outputName } = await page("report.js");
const { sentence } = await page("api.js");

test("Events are whole however the stream is cut, and comments are none", () => {
  const text = ": hello\n\nid: 1\nevent: state\ndata: {\"a\":1}\n\ndata: x\ndata: y\n\n: still here\n\nid: 2\ndata: z\n\n";
  const expected = [
    { id: "1", name: "state", data: "{\"a\":1}" }, { id: null, name: "message", data: "x\ny" }, { id: "2", name: "message", data: "z" },
  ];
  for (const size of [1, 2, 7, text.length]) {
    const parser = new EventParser();
    const events = [];
    for (let start = 0; start < text.length; start += size) events.push(...parser.push(text.slice(start, start + size)));
    assert.deepEqual(events, expected);
  }
});

test("A report is read from header fields, with names and warnings beyond ASCII", () => {
  const fields = {
    "Snug-Status": "fitted", "Snug-Input-Bytes": "2000", "Snug-Output-Bytes": "1000", "Snug-Quality": "82",
    // RFC 8187 §3.2.3 and RFC 9651 §3.3.8
    "Content-Disposition": "inline; filename=\"a.jpg\"; filename*=UTF-8''%e2%82%ac.jpg",
    "Snug-Warnings": "%\"f%c3%bcr\", %\"two\"",
  };
  const report = readReport((name) => fields[name] ?? null);
  assert.deepEqual([report.status, report.inputBytes, report.outputBytes, report.quality], ["fitted", 2000, 1000, 82]);
  assert.deepEqual(report.warnings, ["für", "two"]);
  assert.equal(outputName(report, "b.png", "image/jpeg"), "€.jpg");
  assert.equal(outputName({ name: null }, "b.final.png", "image/webp"), "b.final.webp");
});

test("File names come in ASCII, in any letters, or not at all", () => {
  assert.equal(fileName("inline; filename=\"a b.jpg\""), "a b.jpg");
  assert.equal(fileName("inline; filename=\"say \\\"hi\\\".jpg\""), "say \"hi\".jpg");
  assert.equal(fileName("inline; filename=\"x.jpg\"; filename*=UTF-8''%E5%86%99.jpg"), "写.jpg");
  assert.equal(fileName(null), null);
});

test("Messages of the server become sentences", () => {
  assert.equal(sentence("the file is incomplete; get it again"), "The file is incomplete; get it again.");
  assert.equal(sentence("is text, not an image"), "It is text, not an image.");
  assert.equal(sentence("Is it running?"), "Is it running?");
});
