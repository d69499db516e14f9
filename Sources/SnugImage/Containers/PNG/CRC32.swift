// SPDX-License-Identifier: Apache-2.0
import CDeflate

/// The checksum of PNG chunks (ISO 3309, PNG specification annex D), computed by libdeflate.
struct CRC32 {
    /// The checksum of all bytes so far.
    private(set) var value: UInt32 = 0

    /// Adds bytes.
    mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            value = unsafe snug_deflate_crc32(value, start, buffer.count)
        }
    }

    /// The checksum of `bytes`.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes.span)
        return crc.value
    }
}
