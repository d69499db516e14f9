// SPDX-License-Identifier: Apache-2.0
import SnugImage

/// What a whole run came to.
struct FitSummary: Sendable {
    /// Totals of one status.
    struct Row: Sendable, Hashable {
        var count = 0
        var inputBytes = 0
        var outputBytes = 0
    }

    private(set) var rows: [FitRecord.Status: Row] = [:]
    /// Records to be shown again at the end.
    private(set) var failures: [FitRecord] = []
    private(set) var warnings: [FitRecord] = []
    /// Failures and warnings beyond what is kept for the end.
    private(set) var unlistedCount = 0

    /// Most failures and most warnings that are listed: a million broken files must not fill the memory.
    static let listedCount = 200

    /// Counts one record.
    mutating func add(_ record: FitRecord) {
        rows[record.status, default: Row()].count += 1
        // A skipped or failed file took no bytes in: it would look as if they had been saved.
        if let input = record.inputBytes, let output = record.outputBytes {
            rows[record.status, default: Row()].inputBytes += input
            rows[record.status, default: Row()].outputBytes += output
        }
        if record.status == .failed { Self.note(record, in: &failures, unlisted: &unlistedCount) }
        if !record.warnings.isEmpty { Self.note(record, in: &warnings, unlisted: &unlistedCount) }
    }

    /// Records with a status.
    func count(_ status: FitRecord.Status) -> Int { rows[status]?.count ?? 0 }

    private static func note(_ record: FitRecord, in list: inout [FitRecord], unlisted: inout Int) {
        if list.count < listedCount { list.append(record) } else { unlisted += 1 }
    }

    /// The table at the end of a run, and below it what went wrong.
    func text(title: String? = nil, isPlan: Bool = false, paint: Paint = Paint(isOn: false)) -> String {
        var table = TextTable(alignments: [.left, .right, .right, .right, .right])
        table.append([title ?? (isPlan ? "planned" : "done"), "images", "bytes in", "bytes out", "saved"])
        var total = Row()
        for status in FitRecord.Status.allCases {
            guard let row = rows[status] else { continue }
            total.count += row.count
            total.inputBytes += row.inputBytes
            total.outputBytes += row.outputBytes
            table.append([status.rawValue] + Self.cells(row), paint: paint.colour(of: status))
        }
        if rows.count > 1 { table.append(["total"] + Self.cells(total)) }
        var text = rows.isEmpty ? "" : table.text(paint: paint)
        if !failures.isEmpty {
            text += "\n\(failures.count == 1 ? "1 failure" : "\(count(.failed)) failures"):\n"
            for record in failures { text += "  \(record.failureLine(paint))\n" }
        }
        if unlistedCount > 0 { text += "  and \(unlistedCount) more\n" }
        return text
    }

    private static func cells(_ row: Row) -> [String] {
        guard row.inputBytes > 0 else { return [String(row.count), "", "", ""] }
        let saved = 100 * (1 - Double(row.outputBytes) / Double(row.inputBytes))
        return [
            String(row.count), ByteCount(row.inputBytes).description, ByteCount(row.outputBytes).description,
            "\(Int(saved.rounded(.towardZero))) %",
        ]
    }
}

extension FitRecord {
    fileprivate func failureLine(_ paint: Paint) -> String {
        guard let error else { return PrintableName.of(input) }
        let name = paint.apply(.red, to: PrintableName.of(input))
        return "\(name): \(PrintableName.escaped(error.message)) (\(error.code))"
    }
}
