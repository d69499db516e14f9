// SPDX-License-Identifier: Apache-2.0

/// Resizes every plane of an image on its way to another sink.
///
/// Planes that already have the target's size pass through untouched; planes exactly twice as fine are averaged, as
/// JPEG decoders assume of subsampled chroma; all others are resampled with Lanczos.
final class ResamplingSink: RowSink {
    private let next: any RowSink
    private var stages: [PlaneStage]

    /// - Parameters:
    ///   - source: The shape of the rows that will come.
    ///   - target: The shape wanted; the same model.
    init(from source: RasterShape, to target: RasterShape, next: any RowSink) {
        precondition(source.planes.count == target.planes.count, "resampling does not change the model")
        self.next = next
        let keepsSize = source.width == target.width && source.height == target.height
        let hasAlpha =
            if case .interleaved(let channels) = source.model { channels.isMultiple(of: 2) } else { false }
        stages = zip(source.planes, target.planes).map { from, to in
            PlaneStage(from: from, to: to, keepsSize: keepsSize, hasAlpha: hasAlpha)
        }
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws { try stages[plane].push(row, plane: plane, to: next) }
}

/// The treatment of one plane's rows; a reference because the resampler cannot be copied.
private final class PlaneStage {
    private enum Method {
        case pass
        case halve(horizontally: Bool, vertically: Bool)
        case resample
    }
    private let method: Method
    private let target: PlaneShape
    private var resampler: PlaneResampler?
    private var pushed = 0
    private let sourceHeight: Int
    /// The upper row of a pair to be averaged.
    private let upper: Plane
    private let output: Plane

    init(from source: PlaneShape, to target: PlaneShape, keepsSize: Bool, hasAlpha: Bool) {
        self.target = target
        sourceHeight = source.height
        let halvesColumns = keepsSize && target.width == (source.width + 1) / 2
        let halvesRows = keepsSize && target.height == (source.height + 1) / 2
        let keepsColumns = target.width == source.width && target.extentWidth == source.extentWidth
        let keepsRows = target.height == source.height && target.extentHeight == source.extentHeight
        switch (keepsColumns, keepsRows) {
        case (true, true): method = .pass
        case (false, true) where halvesColumns: method = .halve(horizontally: true, vertically: false)
        case (true, false) where halvesRows: method = .halve(horizontally: false, vertically: true)
        case (false, false) where halvesColumns && halvesRows: method = .halve(horizontally: true, vertically: true)
        default: method = .resample
        }
        upper = Plane(width: source.width, height: 1, channels: source.channels)
        output = Plane(width: target.width, height: 1, channels: target.channels)
        if case .resample = method {
            // The target's samples reach beyond the image by the part of its last sample that the image misses.
            let extent = SourceExtent(
                width: source.extentWidth * Double(target.width) / target.extentWidth,
                height: source.extentHeight * Double(target.height) / target.extentHeight)
            resampler = PlaneResampler(
                sourceWidth: source.width, sourceHeight: source.height, channels: source.channels,
                targetWidth: target.width, targetHeight: target.height, extent: extent,
                alpha: hasAlpha ? .last : .none)
        }
    }

    func push(_ row: Span<UInt8>, plane: Int, to next: any RowSink) throws {
        defer { pushed += 1 }
        switch method {
        case .pass: try next.receive(row, plane: plane)
        case .halve(let horizontally, let vertically):
            if !vertically {
                let output = output
                var target = output.mutableRow(0)
                ChromaReduction.halveHorizontally(row, into: &target)
                try next.receive(output.row(0), plane: plane)
            } else {
                try pushHalf(row, horizontally: horizontally, plane: plane, to: next)
            }
        case .resample: try resample(row, plane: plane, to: next)
        }
    }

    private func pushHalf(_ row: Span<UInt8>, horizontally: Bool, plane: Int, to next: any RowSink) throws {
        let isLast = pushed == sourceHeight - 1
        if pushed.isMultiple(of: 2) && !isLast {
            let upper = upper
            var kept = upper.mutableRow(0)
            kept.copy(from: row)
            return
        }
        if pushed.isMultiple(of: 2) {
            // A last row without a partner stands for both.
            average(row, row, horizontally: horizontally)
        } else {
            let upper = upper
            average(upper.row(0), row, horizontally: horizontally)
        }
        let output = output
        try next.receive(output.row(0), plane: plane)
    }

    private func average(_ first: Span<UInt8>, _ second: Span<UInt8>, horizontally: Bool) {
        let output = output
        var target = output.mutableRow(0)
        if horizontally {
            ChromaReduction.halveBoth(first, second, into: &target)
        } else {
            ChromaReduction.halveVertically(first, second, into: &target)
        }
    }

    private func resample(_ row: Span<UInt8>, plane: Int, to next: any RowSink) throws {
        // The resampler's closure throws one type; anything else that a sink throws is carried around it.
        var failure: (any Error)?
        try resampler?.push(row) { (_, out) throws(ImageError) in
            if failure != nil { return }
            do { try next.receive(out, plane: plane) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
