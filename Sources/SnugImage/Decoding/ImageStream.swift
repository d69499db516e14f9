// SPDX-License-Identifier: Apache-2.0

/// The pixels of one pass over a file, in sRGB, from top to bottom as stored.
protocol ImageStream: AnyObject {
    /// The shape of the image that the rows form.
    var shape: RasterShape { get }
    /// Decodes everything into a sink.
    func run(into sink: any RowSink) throws
    /// The findings so far, complete after ``run(into:)``.
    var report: DecodeReport { get }
}
