// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SystemPackage

/// Prints the result of a run that ended by itself.
enum WatchReport {
    static func print(_ report: DaemonReport, json: Bool) throws {
        let output = OutputStream.standardOutput
        if json {
            output.writeLine(object(report).description)
            return try output.checkDelivered()
        }
        let messages = OutputStream.standardError
        var parts = ["\(report.takenCount) taken", "\(report.deliveredCount) delivered"]
        if report.failedCount > 0 { parts.append("\(report.failedCount) failed") }
        if report.heldCount > 0 { parts.append("\(report.heldCount) held") }
        messages.writeLine(parts.joined(separator: ", "))
        for (path, reason) in report.unsettled.sorted(by: { $0.key.string < $1.key.string }) {
            messages.writeLine("left: \(PrintableName.of(path)) \(PrintableName.escaped(reason))")
        }
        if report.failedCount > 0 { messages.writeLine("'snug jobs --failed' shows why") }
        if report.heldCount > 0 { messages.writeLine("'snug jobs --held' shows what waits for a decision") }
    }

    private static func object(_ report: DaemonReport) -> JSONValue {
        let left = report.unsettled.sorted { $0.key.string < $1.key.string }.map { path, reason -> JSONValue in
            ["input": .text(FitRecord.text(of: path)), "reason": .text(reason)]
        }
        return [
            "taken": .integer(report.takenCount), "delivered": .integer(report.deliveredCount),
            "failed": .integer(report.failedCount), "held": .integer(report.heldCount),
            "left": .array(left),
            "books": .array(report.books.sorted { $0.key < $1.key }.map { $0.value.json(folder: $0.key) }),
        ]
    }
}
