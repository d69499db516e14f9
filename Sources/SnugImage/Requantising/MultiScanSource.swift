// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem

/// The coefficients of a JPEG of several scans. All are held.
///
/// Immutable once it is made, so any thread may read it.
@safe
final class MultiScanSource: CoefficientSource, @unchecked Sendable {
    let layout: BlockLayout
    let report: DecodeReport
    private let ownSteps: [[UInt16]]
    private let store: CoefficientStore

    var steps: [[UInt16]]? { ownSteps }

    /// Decodes all scans.
    /// - Returns: `nil` when a table or a layout is not for this decoder.
    /// - Throws: The damage that is found.
    init?(
        _ source: ImageSource, script: ScanScript, level: KernelLevel = .best, cancellation: CancellationFlag
    ) throws {
        layout = script.layout
        ownSteps = script.steps
        guard let store = CoefficientStore(script.layout) else {
            throw ImageError(.memoryExceeded, "no memory for a JPEG decoder; run fewer jobs at once")
        }
        self.store = store
        var report = DecodeReport()
        report.totalRows = script.layout.height
        report.endedEarly = script.endsEarly
        self.report = report
        for (number, scan) in script.scans.enumerated() {
            guard let decoder = try ScanDecoder(source, scan: scan, level: level) else { return nil }
            do throws(ScanDecoder.Damage) {
                try decoder.run(into: store, cancellation: cancellation)
            } catch {
                switch error {
                case .cancelled: throw CancellationError()
                case .reading(let error): throw error
                case .stream(let words, let endsEarly):
                    throw Self.error(
                        "scan \(number + 1) of \(script.scans.count): \(words)", endsEarly: endsEarly, report: report)
                }
            }
        }
    }

    private static func error(_ words: String, endsEarly: Bool, report: DecodeReport) -> ImageError {
        var damaged = report
        damaged.isDamaged = true
        damaged.endedEarly = endsEarly
        damaged.warnings = [words]
        damaged.warningCount = 1
        return damaged.error ?? ImageError(.corruptInput, words)
    }

    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws { try readRows(from: 0, body) }

    var beginsAnywhere: Bool { true }

    func readRows(from first: Int, _ body: (BlockRows, Int, Double) throws -> Void) throws {
        for row in first..<layout.mcusDown {
            try body(BlockRows(viewing: store, row: row), row, Double(row + 1) / Double(layout.mcusDown))
        }
    }

    func sample(blocks: Int) throws -> BlockSample {
        if layout.blockCount <= SamplePlan.whole { return try wholeSample() }
        return scatteredSample(blocks: blocks) { row, first, count in
            BlockRows(viewing: store, row: row).part(from: first, count: count)
        }
    }
}
