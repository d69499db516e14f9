// SPDX-License-Identifier: Apache-2.0
// The scripts of the page for tests without a browser: those that need no document.

/** Imports a script of the page. */
export const page = (name) => import(new URL(`../../Sources/SnugServer/Page/Resources/${name}`, import.meta.url));
