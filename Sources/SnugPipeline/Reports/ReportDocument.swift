// SPDX-License-Identifier: Apache-2.0
import OrderedCollections
import SnugImage
import SnugSystem
import SystemPackage

/// The report of a whole run as a file: a table for spreadsheets, JSON, or a page with thumbnails.
public struct ReportDocument: Sendable {
    /// The formats of a report, by the extensions of their files.
    public enum Format: String, Sendable, Hashable, CaseIterable { case csv, json, html }

    /// Records in the order of the report.
    public var records: [FitRecord]

    /// A report of records, sorted by their inputs.
    public init(_ records: [FitRecord]) {
        self.records = records.sorted { $0.input.bytes.lexicographicallyPrecedes($1.input.bytes) }
    }

    /// A line of names, and one for each file (RFC 4180).
    ///
    /// A text that a spreadsheet would take for a formula gets an apostrophe before it, which shows that it is text.
    public var csv: String {
        let objects = ["plan", "error", "warnings"]
        let names = FitRecord(input: "", status: .failed, limitBytes: 0).json.members.keys.filter {
            !objects.contains($0)
        }
        var text = (names + ["error_code", "error_message", "warnings"]).joined(separator: ",") + "\r\n"
        for record in records {
            let json = record.json
            let cells = names.map { Self.cell(json[$0]) }
            let words = [
                record.error?.code.description ?? "", record.error?.message ?? "",
                record.warnings.joined(separator: "; "),
            ]
            text += (cells + words.map(Self.quoted)).joined(separator: ",") + "\r\n"
        }
        return text
    }

    /// An array of the objects that `--json` prints.
    public var json: String { "[\n" + records.map(\.jsonLine).joined(separator: ",\n") + "\n]\n" }

    private static func cell(_ value: JSONValue?) -> String {
        switch value {
        case .text(let text): quoted(text)
        case nil, .null: ""
        case .some(let other): quoted(other.description)
        }
    }

    private static func quoted(_ text: String) -> String {
        // By scalars: a line feed after a carriage return, or a quote under an accent, is one character with it.
        var scalars = text.unicodeScalars
        if scalars.count > 1, let first = scalars.first, "=+-@\t\r".unicodeScalars.contains(first) {
            scalars.insert("'", at: scalars.startIndex)
        }
        guard scalars.contains(where: { "\",\r\n".unicodeScalars.contains($0) }) else { return String(scalars) }
        let doubled = scalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined()
        return "\"\(doubled)\""
    }
}
