// SPDX-License-Identifier: Apache-2.0

/// The bytes that a C decoder reads: with `pread` on `descriptor` unless it is negative, else from memory.
@safe
struct RawSource {
    var descriptor: Int32
    var bytes: UnsafePointer<UInt8>?
    var byteCount: Int
}
