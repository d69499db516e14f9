// SPDX-License-Identifier: Apache-2.0

// First of all, while there is one thread: signals are taken by a thread of their own from here on.
let interruption = Interruption.install()
await Snug.main(interruption)
