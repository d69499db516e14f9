// SPDX-License-Identifier: Apache-2.0

/// A decoder that yields the rows of an image from top to bottom as stored, the samples of a pixel side by side.
///
/// A new format is one type that conforms, with a line in ``ImageReader/rowDecoder()``. Creating one reads what precedes the
/// pixels, and checks the limits before memory is taken for them.
protocol RowDecoder: AnyObject {
    /// Pixels in a row.
    var width: Int { get }
    /// Rows.
    var height: Int { get }
    /// The layout of a row, whose samples are straight and in no other way converted.
    var layout: SampleLayout { get }
    /// The profile of the samples; `nil` for the colour space that the header declares.
    var iccProfile: [UInt8]? { get }
    /// Copies the next row into `row`, which is as long as the layout says and begins at an even address.
    ///
    /// With recovery, rows that the file lacks are filled and counted in the report.
    /// - Throws: `truncated_input`, `corrupt_input`, `memory_exceeded`, or what reading throws.
    func readRow(into row: inout MutableSpan<UInt8>) throws
    /// The findings so far, complete after the last row.
    var report: DecodeReport { get }
}
