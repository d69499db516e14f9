// SPDX-License-Identifier: Apache-2.0

import CPlatform

// Before there are other threads.
snug_return_freed_memory()
// Before anything else is done: a signal that came earlier would end the process by the system's rules.
let interruption = Interruption.install()
await Snug.main(interruption)
