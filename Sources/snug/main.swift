// SPDX-License-Identifier: Apache-2.0
import SnugSystem

// Before there are other threads.
Allocator.returnFreedMemory()
// First of all: a signal that came earlier would end the process by the system's rules.
let interruption = Interruption.install()
await Snug.main(interruption)
