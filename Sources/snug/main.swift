// SPDX-License-Identifier: Apache-2.0

// First of all: a signal that came earlier would end the process by the system's rules.
let interruption = Interruption.install()
await Snug.main(interruption)
