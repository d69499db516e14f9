// SPDX-License-Identifier: Apache-2.0
import CJPEG
import CJPEGKernels
import SnugSystem

/// The coefficients of a JPEG that libjpeg-turbo reads: arithmetic, scans in an unusual order. All are held.
@safe
final class LibrarySource: CoefficientSource {
    let layout: BlockLayout
    private let ownSteps: [[UInt16]]
    private let handle: OpaquePointer
    private let owner: AnyObject
    private let cancellation: CancellationFlag
    let report: DecodeReport

    var steps: [[UInt16]]? { ownSteps }

    /// - Returns: `nil` for components or steps that a baseline output cannot have, and for damaged files.
    init?(
        _ source: ImageSource, frame: JPEGFrame, limits: DecodingLimits, memory: Int, cancellation: CancellationFlag
    ) throws {
        guard frame.components.count == 1 || frame.components.count == 3, frame.bitsPerSample == 8 else { return nil }
        layout = BlockLayout(
            width: frame.width, height: frame.height,
            sampling: frame.components.map { ($0.horizontal, $0.vertical) })
        self.cancellation = cancellation
        owner = source.owner
        var status = snug_jpeg_status.ok
        let created = unsafe source.withRawSource { raw in
            unsafe snug_jpeg_coefficients_create(
                snug_jpeg_source(descriptor: raw.descriptor, bytes: raw.bytes, byte_count: raw.byteCount),
                JPEGDecoder.shimLimits(limits, memory: memory, cancellation: cancellation), &status)
        }
        guard let created = unsafe created else {
            throw ImageError(.memoryExceeded, "no memory for a JPEG decoder; run fewer jobs at once")
        }
        unsafe handle = created
        var raw = snug_jpeg_report()
        unsafe snug_jpeg_coefficients_report(handle, &raw)
        var noted = DecodeReport()
        noted.totalRows = frame.height
        noted.endedEarly = raw.ended_early
        report = noted
        ownSteps = unsafe Self.steps(handle, count: frame.components.count) ?? []
        if status == .cancelled { throw CancellationError() }
        guard status == .ok, raw.damage_count == 0, raw.warning_count == 0, !ownSteps.isEmpty else { return nil }
    }

    deinit { unsafe snug_jpeg_coefficients_free(handle) }

    private static func steps(_ handle: OpaquePointer, count: Int) -> [[UInt16]]? {
        var steps: [[UInt16]] = []
        for component in 0..<count {
            var natural = [UInt16](repeating: 0, count: 64)
            let isThere = unsafe natural.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return false }
                return unsafe snug_jpeg_coefficients_steps(handle, Int32(component), base)
            }
            guard isThere, natural.allSatisfy({ (1...255).contains($0) }) else { return nil }
            steps.append(Zigzag.naturalIndices.map { natural[$0] })
        }
        return steps
    }

    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws {
        let rows = BlockRows(layout, capacity: layout.mcusAcross)
        let widest = layout.components.map(\.blocksAcross).max() ?? 1
        var natural = [Int16](repeating: 0, count: widest * 64)
        for row in 0..<layout.mcusDown {
            if row % 8 == 0 { try cancellation.check() }
            for (index, component) in layout.components.enumerated() {
                for v in 0..<component.vertical where row * component.vertical + v < component.blocksDown {
                    try read(&natural, component: index, row: row * component.vertical + v)
                    unsafe rows.withBlocks(component: index, row: v) { target in
                        unsafe natural.withUnsafeBufferPointer { natural in
                            guard let base = natural.baseAddress else { return }
                            unsafe snug_blocks_to_zigzag(base, component.blocksAcross, target)
                        }
                    }
                }
            }
            try body(rows, row, Double(row + 1) / Double(layout.mcusDown))
        }
    }

    private func read(_ natural: inout [Int16], component: Int, row: Int) throws {
        let blocks = layout.components[component].blocksAcross
        let status = unsafe natural.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return snug_jpeg_status.misuse }
            return unsafe snug_jpeg_coefficients_row(handle, Int32(component), Int32(row), blocks, base)
        }
        guard status == .ok else {
            throw ImageError(.codecFailed, "the JPEG decoder lost its coefficients; please report this file")
        }
    }

    func sample(blocks: Int) throws -> BlockSample {
        layout.blockCount <= SamplePlan.whole ? try wholeSample() : try scatteredSample(blocks: blocks)
    }
}
