// SPDX-License-Identifier: Apache-2.0
// Elements made by script. Texts are set as texts: nothing that a file is called can become markup.

/** Makes an element. Properties are set on it, those with a dash as attributes, and `onclick` and the like as listeners. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-")) element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A button with its text; the label names its object for those who hear it alone. */
export const button = (text, label, onclick, className = "") =>
  make("button", { type: "button", className, "aria-label": label, onclick }, text);

/** A name that a stranger chose: whatever direction its characters write in, the words around it keep theirs. */
export const named = (name) => make("bdi", {}, name);

const isSeen = (element) => element.isConnected && element.getClientRects().length > 0;
const controls = "button:not(:disabled), a[href], input, select";

/**
 * Makes a change after which the focus is not lost: it stays where it was, else goes to the same child of a container or the
 * next one, and where there is none to a fallback.
 */
export function keepFocus(container, fallback, change) {
  const focused = container.contains(document.activeElement) ? document.activeElement : null;
  const index = [...container.children].findIndex((child) => child.contains(focused));
  const child = container.children[index];
  change();
  if (focused === null) return;
  if (isSeen(focused)) return focused.focus({ preventScroll: true });
  const near = child?.isConnected ? child : container.children[Math.min(index, container.children.length - 1)];
  const target = near?.matches(controls) ? near : near?.querySelector(controls);
  (target && isSeen(target) ? target : fallback).focus();
}

/** Shows or hides an element; the focus that is on it goes to a fallback. */
export function setHidden(element, isHidden, fallback) {
  if (isHidden && element.contains(document.activeElement)) fallback.focus();
  element.hidden = isHidden;
}

/**
 * Brings the children of a list into the order of its values. Elements of values that stay are kept, and with them the focus.
 * @param {(value: any) => string} key
 * @param {(value: any) => HTMLElement} create
 * @param {(element: HTMLElement, value: any) => void} update
 */
export function reconcile(list, values, key, create, update) {
  const names = new Set(values.map(key));
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  // Those that go first: an element that is moved loses the focus.
  for (const [name, element] of present) if (!names.has(name)) element.remove();
  let position = list.firstElementChild;
  for (const value of values) {
    const name = key(value);
    let element = present.get(name);
    if (!element) {
      element = create(value);
      element.dataset.key = name;
    }
    update(element, value);
    if (element === position) position = position.nextElementSibling;
    else list.insertBefore(element, position);
  }
}
