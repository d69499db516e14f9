// SPDX-License-Identifier: Apache-2.0

/// Takes the rows of an image from top to bottom.
///
/// Rows of different planes come interleaved, about in step. A reference type, so that sinks can be chained.
protocol RowSink: AnyObject {
    /// Takes the next row of a plane.
    func receive(_ row: Span<UInt8>, plane: Int) throws
}
