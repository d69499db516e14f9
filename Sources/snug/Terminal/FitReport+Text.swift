// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem

extension FitReport {
    /// The table at the end of a run, and below it the failures.
    func text(title: String? = nil, isPlan: Bool = false, paint: Paint = Paint(isOn: false), columns: Int? = nil)
        -> String
    {
        var table = TextTable(alignments: [.left, .right, .right, .right, .right])
        table.append([title ?? (isPlan ? "planned" : "done"), "images", "bytes in", "bytes out", "saved"])
        var total = Totals()
        for status in FitRecord.Status.allCases {
            guard let row = totals[status] else { continue }
            total.count += row.count
            total.inputBytes += row.inputBytes
            total.outputBytes += row.outputBytes
            table.append([status.rawValue] + Self.cells(row), paint: paint.colour(of: status))
        }
        if totals.count > 1 { table.append(["total"] + Self.cells(total)) }
        var text = totals.isEmpty ? "" : table.text(paint: paint, columns: columns, optional: [2, 4])
        if !skipReasons.isEmpty {
            text += "\nskipped:\n"
            for reason in FitRecord.SkipReason.allCases {
                if let count = skipReasons[reason] { text += "  \(count) \(reason.words)\n" }
            }
        }
        if !failures.isEmpty {
            text += "\n\(failures.count == 1 ? "1 failure" : "\(count(.failed)) failures"):\n"
            for record in failures { text += "  \(record.failureLine(paint))\n" }
        }
        if unlistedCount > 0 { text += "  and \(unlistedCount) more\n" }
        return text
    }

    private static func cells(_ row: Totals) -> [String] {
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
