// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { page } from "./page.mjs";

const { crc32, distinct, zip } = await page("zip.js");

test("The checksum is the one of the standard's check value", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xCBF43926);
});

test("Equal names get numbers before their ending, whatever their case", () => {
  assert.deepEqual(distinct(["a.jpg", "A.jpg", "a-2.jpg", "b", "b", "x.y/b", "x.y/b"]),
    ["a.jpg", "A-2.jpg", "a-2-2.jpg", "b", "b-2", "x.y/b", "x.y/b-2"]);
});

test("Another program reads the file: folders, names beyond ASCII, and every byte", async () => {
  const entries = [
    { name: "plain.txt", blob: new Blob(["one"]) }, { name: "trip/fjörd 写真.txt", blob: new Blob([new Uint8Array(70_000).fill(7)]) },
    { name: "empty.txt", blob: new Blob([]) },
  ];
  const file = join(mkdtempSync(join(tmpdir(), "snug-zip-")), "all.zip");
  writeFileSync(file, new Uint8Array(await (await zip(entries)).arrayBuffer()));
  const script = "import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None;"
    + "print(json.dumps([[i.filename, i.file_size] for i in z.infolist()]))";
  assert.deepEqual(JSON.parse(execFileSync("python3", ["-c", script, file], { encoding: "utf8" })),
    [["plain.txt", 3], ["trip/fjörd 写真.txt", 70_000], ["empty.txt", 0]]);
});

test("More entries than the format can count are refused", async () => {
  const blob = new Blob([]);
  await assert.rejects(zip(Array.from({ length: 65_536 }, (_, index) => ({ name: `${index}`, blob }))), /smaller groups/);
});
