// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem

/// The coefficients of a sequential Huffman JPEG, decoded on the way and held row by row.
///
/// One thread at a time uses it: where ``RowsAhead`` reads, the caller waits for its end.
@safe
final class SequentialSource: CoefficientSource, @unchecked Sendable {
    private let source: ImageSource
    private let scan: SequentialScan
    private let stream: OpaquePointer
    private let level: KernelLevel
    /// True before an inverse transform, which is less work than decoding: a second thread would cost more than it saves.
    private let isForInverse: Bool
    private let cancellation: CancellationFlag
    private(set) var report = DecodeReport()

    var layout: BlockLayout { scan.layout }
    var steps: [[UInt16]]? { scan.steps }

    /// - Parameter isNatural: Rows get blocks in natural order, for an inverse transform.
    /// - Returns: `nil` when the tables or the layout are not for this decoder.
    init?(
        _ source: ImageSource, scan: SequentialScan, level: KernelLevel = .best, isNatural: Bool = false,
        cancellation: CancellationFlag
    ) throws(ImageError) {
        self.source = source
        self.scan = scan
        self.level = level
        isForInverse = isNatural
        self.cancellation = cancellation
        var layout = scan.streamLayout
        layout.is_natural = isNatural
        guard
            let created = unsafe try JPEGStream.create(layout, dcTables: scan.dcTables, acTables: scan.acTables)
        else { return nil }
        unsafe stream = created
    }

    deinit { unsafe snug_stream_free(stream) }

    /// Decodes a file to its end.
    /// - Returns: The findings; `nil` for the kinds of JPEG that are not read here, and for other formats.
    /// - Throws: The damage that is found.
    static func verify(_ source: ImageSource, cancellation: CancellationFlag) throws -> DecodeReport? {
        guard let scan = try SequentialScan.read(source),
            let sequential = try SequentialSource(source, scan: scan, cancellation: cancellation)
        else { return nil }
        try sequential.readRows { _, _, _ in }
        return sequential.report
    }

    /// Decodes on a thread of its own where one is free.
    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws {
        report = DecodeReport()
        report.totalRows = layout.height
        report.endedEarly = scan.endsEarly
        if try !isForInverse && RowsAhead.readRows(layout, by: decodeAll, use: body) { return }
        let rows = BlockRows(layout, capacity: layout.mcusAcross)
        try decodeAll(into: { rows }, then: body)
    }

    @Sendable
    private func decodeAll(
        into empty: () throws -> BlockRows, then deliver: (BlockRows, Int, Double) throws -> Void
    ) throws {
        unsafe snug_stream_rewind(stream)
        var feed = ScanFeed(source: source, range: scan.data)
        for row in 0..<layout.mcusDown {
            if row % 8 == 0 { try cancellation.check() }
            let rows = try empty()
            try decode(rows, row: row, feed: &feed)
            let share = Double(unsafe snug_stream_position(stream)) / Double(max(scan.data.count, 1))
            try deliver(rows, row, min(max(share, 0), 1))
        }
        try checkEnd(&feed)
    }

    private func decode(_ rows: BlockRows, row: Int, feed: inout ScanFeed) throws {
        while true {
            let status = unsafe rows.withMutableRows { unsafe snug_stream_read_row(stream, level, $0) }
            switch status {
            case .ok: return
            case .needsInput: try unsafe feed.next(stream)
            case .truncated: throw damage(row: row, endsEarly: true, "its data end too early")
            default: throw damage(row: row, endsEarly: false, "its data make no sense there")
            }
        }
    }

    private func checkEnd(_ feed: inout ScanFeed) throws {
        let left = unsafe try feed.bytesLeft(behind: stream)
        if left > 0 {
            throw damage(row: nil, endsEarly: false, "\(left) bytes are left behind its last block")
        }
    }

    private func damage(row: Int?, endsEarly: Bool, _ words: String) -> ImageError {
        var damaged = DecodeReport()
        damaged.isDamaged = true
        damaged.endedEarly = endsEarly
        damaged.totalRows = layout.height
        damaged.goodRows = row.map { min($0 * 8 * layout.vertical, layout.height) }
        damaged.warnings = [words]
        damaged.warningCount = 1
        return damaged.error ?? ImageError(.corruptInput, words)
    }
}

extension SequentialSource {
    /// A Huffman stream can be entered anywhere: a decoder that starts at a wrong bit is in step after a few MCUs.
    private static let bytesToFallIntoStep = 1200

    func sample(blocks: Int) throws -> BlockSample {
        if layout.blockCount <= SamplePlan.whole { return try wholeSample() }
        let bytes = scan.data.count
        let share = min(Double(blocks) / Double(layout.blockCount), 0.5)
        let interval = Double(bytes) / Double(SamplePlan.runs)
        let wantedBits = Int64(interval * share * 8)
        let capacity = min(
            layout.mcuCount / SamplePlan.runs + 16, Int(Double(layout.mcuCount) * share * 8) / SamplePlan.runs + 16)
        let scratch = BlockRows(layout, capacity: capacity)
        var runs: [BlockSample.Run] = []
        for index in 0..<SamplePlan.runs {
            if index % 32 == 0 { try cancellation.check() }
            // At the golden ratio's steps within its interval: even steps would beat with the image's rows.
            let phase = (Double(index) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
            let offset = index == 0 ? 0 : Int((Double(index) + 0.93 * phase) * interval)
            let skip = index == 0 ? 0 : Self.bytesToFallIntoStep
            let count = skip + Int(wantedBits / 8) + 2048
            let piece = try source.bytes(
                at: scan.data.lowerBound + offset, count: min(count, scan.data.count - offset))
            var bits: Int64 = 0
            let decoded = unsafe piece.withUnsafeBufferPointer { piece -> Int in
                guard let base = piece.baseAddress else { return 0 }
                return unsafe scratch.withMutableRows {
                    unsafe Int(
                        snug_stream_sample(
                            stream, base, piece.count, skip, Int32(capacity), wantedBits, $0, &bits))
                }
            }
            if decoded > 1 {
                runs.append(
                    BlockSample.Run(
                        rows: scratch.part(from: 0, count: decoded), sourceSize: Double(bits),
                        position: Double(index) / Double(SamplePlan.runs)))
            }
            scratch.clear(decoded)
        }
        guard runs.count >= SamplePlan.runs / 4 else { return try scatteredSample(blocks: blocks) }
        return BlockSample(layout: layout, runs: runs, isWhole: false, sourceSize: Double(bytes) * 8)
    }
}
