// SPDX-License-Identifier: Apache-2.0
import SnugLedger
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
        if report.waitingCount > 0 { parts.append("\(report.waitingCount) waiting") }
        messages.writeLine(parts.joined(separator: ", "))
        for (path, reason) in report.unsettled.sorted(by: { $0.key.string < $1.key.string }) {
            messages.writeLine("left: \(PrintableName.of(path)) \(PrintableName.escaped(reason))")
        }
        for job in report.waiting.prefix(5) {
            let reason = job.reason.map { ": \(PrintableName.escaped($0.message))" } ?? ""
            messages.writeLine("waiting: \(PrintableName.escaped(job.name)), \(job.step.rawValue)\(reason)")
        }
        if report.waitingCount > 0 {
            messages.writeLine("'snug jobs --waiting' shows what each waits for; run again when that is mended")
        }
        if report.failedCount > 0 { messages.writeLine("'snug jobs --failed' shows why") }
        if report.heldCount > 0 { messages.writeLine("'snug jobs --held' shows what waits for a decision") }
    }

    private static func waiting(_ job: Job) -> JSONValue {
        [
            "id": .text(job.id.description), "folder": .text(job.folder), "name": .text(job.name),
            "step": .text(job.step.rawValue), "code": job.reason.map { .text($0.code) } ?? .null,
            "reason": job.reason.map { .text($0.message) } ?? .null,
        ]
    }

    private static func object(_ report: DaemonReport) -> JSONValue {
        let left = report.unsettled.sorted { $0.key.string < $1.key.string }.map { path, reason -> JSONValue in
            ["input": .text(FitRecord.text(of: path)), "reason": .text(reason)]
        }
        return [
            "taken": .integer(report.takenCount), "delivered": .integer(report.deliveredCount),
            "failed": .integer(report.failedCount), "held": .integer(report.heldCount),
            "waiting": .integer(report.waitingCount), "left": .array(left),
            "waiting_jobs": .array(report.waiting.map(waiting)),
            "books": .array(report.books.sorted { $0.key < $1.key }.map { $0.value.json(folder: $0.key) }),
        ]
    }
}
