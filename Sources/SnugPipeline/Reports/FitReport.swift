// SPDX-License-Identifier: Apache-2.0
import SnugImage

/// Totals of a run, and the records to be shown at its end.
public struct FitReport: Sendable {
    /// Totals of one status.
    public struct Totals: Sendable, Hashable {
        /// Number of records.
        public var count = 0
        /// Bytes of their inputs.
        public var inputBytes = 0
        /// Bytes of their outputs.
        public var outputBytes = 0

        /// Empty totals.
        public init() {}
    }

    /// Totals by status; a status without records is missing.
    public private(set) var totals: [FitRecord.Status: Totals] = [:]
    /// Skipped records by their reasons.
    public private(set) var skipReasons: [FitRecord.SkipReason: Int] = [:]
    /// The first failures, up to ``maximumListed``.
    public private(set) var failures: [FitRecord] = []
    /// The first records with warnings, up to ``maximumListed``.
    public private(set) var warnings: [FitRecord] = []
    /// Failures and warnings that are counted only.
    public private(set) var unlistedCount = 0

    /// Maximum failures and maximum warnings that are kept: a million broken files must not fill the memory.
    public static let maximumListed = 200

    /// An empty report.
    public init() {}

    /// Counts one record.
    public mutating func add(_ record: FitRecord) {
        totals[record.status, default: Totals()].count += 1
        // A skipped or failed file has no output: its bytes would look as if they had been saved.
        if let input = record.inputBytes, let output = record.outputBytes {
            totals[record.status, default: Totals()].inputBytes += input
            totals[record.status, default: Totals()].outputBytes += output
        }
        if let reason = record.skipReason { skipReasons[reason, default: 0] += 1 }
        if record.status == .failed { Self.note(record, in: &failures, unlisted: &unlistedCount) }
        if record.warnings.contains(where: { $0 != FittedImage.losslessRemark }) {
            Self.note(record, in: &warnings, unlisted: &unlistedCount)
        }
    }

    /// Number of records with a status.
    public func count(_ status: FitRecord.Status) -> Int { totals[status]?.count ?? 0 }

    private static func note(_ record: FitRecord, in list: inout [FitRecord], unlisted: inout Int) {
        if list.count < maximumListed { list.append(record) } else { unlisted += 1 }
    }
}
