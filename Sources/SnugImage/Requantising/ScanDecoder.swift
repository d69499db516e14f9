// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem

/// Decodes one scan of several into the coefficients of all.
@safe
struct ScanDecoder: ~Copyable {
    enum Damage: Error {
        /// A description of the damage, and whether the data end before the blocks do.
        case stream(String, endsEarly: Bool)
        case reading(ImageError)
        case cancelled
    }

    private let source: ImageSource
    private let scan: ScanScript.Scan
    private let level: KernelLevel
    private let stream: OpaquePointer

    /// - Returns: `nil` when the tables or the layout are not for this decoder.
    init?(_ source: ImageSource, scan: ScanScript.Scan, level: KernelLevel) throws(ImageError) {
        guard
            let created = unsafe try JPEGStream.create(
                scan.layout, dcTables: scan.dcTables, acTables: scan.acTables)
        else { return nil }
        self.source = source
        self.scan = scan
        self.level = level
        unsafe stream = created
    }

    deinit { unsafe snug_stream_free(stream) }

    func run(into store: CoefficientStore, cancellation: CancellationFlag) throws(Damage) {
        var feed = ScanFeed(source: source, range: scan.data)
        // Of a single component these are rows of its blocks, of several rows of MCUs.
        let isSingle = scan.components.count == 1
        for row in 0..<Int(scan.layout.mcus_down) {
            if row % 16 == 0, cancellation.isSet { throw .cancelled }
            let rows = unsafe scan.components.map { component in
                unsafe store.blocks(
                    component: component,
                    row: isSingle ? row : row * store.layout.components[component].vertical)
            }
            try unsafe decode(rows, row: row, feed: &feed)
        }
        try checkEnd(&feed)
    }

    private func decode(
        _ rows: [UnsafeMutablePointer<Int16>], row: Int, feed: inout ScanFeed
    ) throws(Damage) {
        while true {
            let status = unsafe rows.withUnsafeBufferPointer { rows in
                unsafe rows.baseAddress.map { unsafe snug_stream_read_row(stream, level, $0) } ?? .damaged
            }
            switch status {
            case .ok: return
            case .needsInput: try next(&feed)
            case .truncated: throw .stream("its data end too early", endsEarly: true)
            default: throw .stream("its data make no sense in row \(row) of its blocks", endsEarly: false)
            }
        }
    }

    private func next(_ feed: inout ScanFeed) throws(Damage) {
        do throws(ImageError) {
            try unsafe feed.next(stream)
        } catch {
            throw .reading(error)
        }
    }

    private func checkEnd(_ feed: inout ScanFeed) throws(Damage) {
        let left: Int
        do throws(ImageError) {
            left = unsafe try feed.bytesLeft(behind: stream)
        } catch {
            throw .reading(error)
        }
        if left > 0 { throw .stream("\(left) bytes are left behind its last block", endsEarly: false) }
    }
}
