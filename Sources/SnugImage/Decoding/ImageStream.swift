// SPDX-License-Identifier: Apache-2.0

/// The pixels of one pass over a file, in sRGB, from top to bottom as stored.
protocol ImageStream: AnyObject {
    /// What the rows make up.
    var shape: RasterShape { get }
    /// Decodes everything into a sink.
    func run(into sink: any RowSink) throws
    /// What was noticed; complete after ``run(into:)``.
    var report: DecodeReport { get }
}
