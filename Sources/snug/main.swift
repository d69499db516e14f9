// SPDX-License-Identifier: Apache-2.0
import CLibCrypto
import SnugImage
import SnugSystem

StandardStreams.keepPlaces()
// Before everything else, and before there are other threads: this process may be a decoder of another one.
DecoderWorker.serveIfRequested()
// Likewise.
Allocator.returnFreedMemory()
// The process ends while its threads run. By itself OpenSSL would free everything then, and a thread that ends at that moment
// would look for its part of it.
OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
// A signal that came earlier would end the process by the system's rules.
let interruption = Interruption.install()
await Snug.main(interruption)
