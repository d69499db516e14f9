// SPDX-License-Identifier: Apache-2.0

/// An output within its limit.
struct Encoded {
    var bytes: [UInt8]
    var format: ImageFormat
    var width: Int
    var height: Int
    var quality: Double?
    var encodes: Int
    /// The decoder's findings.
    var report: DecodeReport
    var notes: [String] = []
}
