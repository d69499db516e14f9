// SPDX-License-Identifier: Apache-2.0
// Ways to add images: two buttons, dropping anywhere on the page, and the clipboard.

const byId = (id) => document.getElementById(id);

/**
 * True for files that a person means. In folders those are neither empty nor hidden, nor what file managers leave there; a
 * file that was chosen by itself is always meant, and its row says what is wrong with it.
 */
const isMeant = ({ file, path }) => path === file.name
  || (file.size > 0 && !file.name.startsWith(".") && !/^(thumbs\.db|desktop\.ini)$/i.test(file.name));

const plain = (file) => ({ file, path: file.webkitRelativePath || file.name });

/** Reads an entry of a drop, folders with all that is in them. */
async function visit(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  // Each call returns a part of a large folder; an empty one is the end.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await visit(inner, found);
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map(plain);
  const found = [];
  for (const entry of entries) await visit(entry, found);
  return found;
}

/**
 * Hands over what a person adds.
 * @param {(entries: {file: File, path: string}[]) => void} onAdd
 */
export function startAdding(onAdd) {
  const add = (entries) => onAdd(entries.filter(isMeant));
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", () => {
      add([...byId(input).files].map(plain));
      // The same files can be chosen again.
      byId(input).value = "";
    });
  }
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData?.files ?? []];
    if (files.length > 0) add(files.map(plain));
  });
  startDropping(add);
}

function startDropping(add) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  // Each element under the pointer sends its own enter and leave.
  let depth = 0;
  const show = () => document.body.classList.toggle("dropping", depth > 0);
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show();
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    show();
  });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show();
    add(await dropped(event.dataTransfer));
  });
}
