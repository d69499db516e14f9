// SPDX-License-Identifier: Apache-2.0

/// A prime number of bytes, so that no power of two falls on the same place twice.
private let block: [UInt8] = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &* 7) }

/// Bytes that differ from place to place, so that a shifted or repeated piece shows.
public func pattern(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    bytes.removeLast(bytes.count - count)
    return bytes
}
