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

/**
 * Brings the children of a list into the order of its values. Elements of values that stay are kept, and with them the focus.
 * @param {(value: any) => string} key
 * @param {(value: any) => HTMLElement} create
 * @param {(element: HTMLElement, value: any) => void} update
 */
export function reconcile(list, values, key, create, update) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let position = list.firstElementChild;
  for (const value of values) {
    const name = key(value);
    let element = present.get(name);
    present.delete(name);
    if (!element) {
      element = create(value);
      element.dataset.key = name;
    }
    update(element, value);
    if (element === position) position = position.nextElementSibling;
    else list.insertBefore(element, position);
  }
  for (const element of present.values()) element.remove();
}
