// SPDX-License-Identifier: Apache-2.0
// ZIP files whose entries are stored as they are: images do not get smaller by deflating.

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xEDB88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** The CRC-32 of bytes. */
export function crc32(bytes) {
  let crc = 0xFFFFFFFF;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xFF] ^ (crc >>> 8);
  return (crc ^ 0xFFFFFFFF) >>> 0;
}

/** The end of what 32-bit sizes and offsets can say. */
const largestFile = 0xFFFFFFFF;
const largestCount = 0xFFFF;

/** Names that are all different: the second `a.jpg` becomes `a-2.jpg`. */
export function distinct(names) {
  const taken = new Set();
  return names.map((name) => {
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > name.lastIndexOf("/") + 1 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let found = name;
    for (let number = 2; taken.has(found.toLowerCase()); number += 1) found = `${stem}-${number}${end}`;
    taken.add(found.toLowerCase());
    return found;
  });
}

function record(fields) {
  const bytes = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let position = 0;
  for (const [size, value] of fields) {
    if (size === 2) bytes.setUint16(position, value, true);
    else bytes.setUint32(position, value, true);
    position += size;
  }
  return bytes.buffer;
}

/**
 * A ZIP file of blobs (APPNOTE 6.3, names in UTF-8).
 * @param {{name: string, blob: Blob}[]} entries
 */
export async function zip(entries) {
  const now = new Date();
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const names = distinct(entries.map((entry) => entry.name));
  const [files, directory] = [[], []];
  let offset = 0;
  for (const [index, { blob }] of entries.entries()) {
    const name = new TextEncoder().encode(names[index]);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const common = [[2, 20], [2, 0x0800], [2, 0], [2, time], [2, date], [4, crc], [4, blob.size], [4, blob.size], [2, name.length], [2, 0]];
    files.push(record([[4, 0x04034B50], ...common]), name, blob);
    directory.push(record([[4, 0x02014B50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), name);
    offset += 30 + name.length + blob.size;
  }
  if (offset > largestFile || entries.length > largestCount) {
    throw new RangeError("One ZIP file holds 4 GB and 65,535 images. Download the images in smaller groups.");
  }
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const end = record([[4, 0x06054B50], [2, 0], [2, 0], [2, entries.length], [2, entries.length], [4, size], [4, offset], [2, 0]]);
  return new Blob([...files, ...directory, end], { type: "application/zip" });
}
