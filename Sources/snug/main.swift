// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem

StandardStreams.keepPlaces()
// Before everything else, and before there are other threads: this process may be a decoder of another one.
DecoderWorker.serveIfRequested()
// Likewise.
Allocator.returnFreedMemory()
// A signal that came earlier would end the process by the system's rules.
let interruption = Interruption.install()
await Snug.main(interruption)
