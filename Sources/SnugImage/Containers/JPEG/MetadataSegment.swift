// SPDX-License-Identifier: Apache-2.0

/// An APPn segment of a JPEG without its marker and length.
struct MetadataSegment: Sendable, Hashable {
    /// The marker's second byte: 0xE0 for APP0 and so on.
    var marker: UInt8
    /// At most 65,533 bytes.
    var payload: [UInt8]
}
