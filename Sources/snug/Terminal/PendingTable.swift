// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import SnugSystem

/// Prints submissions without a result.
enum PendingTable {
    static func write(_ records: [GenerationRecord], json: Bool) throws {
        let output = OutputStream.standardOutput
        if json {
            for record in records { output.writeLine(Self.json(record).description) }
            return try output.checkDelivered()
        }
        if records.isEmpty {
            OutputStream.standardError.writeLine("nothing is pending")
            return
        }
        var table = TextTable(alignments: [.left, .left, .left, .right, .left])
        table.append(["id", "state", "provider", "age", "prompt"])
        for record in records {
            let age = Duration.seconds(max(0, WallClock.seconds - record.createdAt)).ageWords
            table.append([
                record.id, record.state.rawValue, record.provider, age, record.request.title,
            ])
        }
        output.write(table.text())
        for record in records {
            if let note = record.note { output.writeLine("\(record.id): \(PrintableName.escaped(note))") }
        }
        try output.checkDelivered()
    }

    private static func json(_ record: GenerationRecord) -> JSONValue {
        [
            "id": .text(record.id), "state": .text(record.state.rawValue),
            "provider": .text(record.provider), "base_url": .text(record.baseURL),
            "input": .text(record.request.prompt), "model": .optional(record.model),
            "seed": .optional(record.seed), "job": .optional(record.jobID),
            "created": .integer(record.createdAt), "submitted": .optional(record.submittedAt),
            "folder": .text(FitRecord.text(of: record.destination.folder)),
            "name": .text(record.destination.name), "note": .optional(record.note),
        ]
    }
}

extension GenerationRequest {
    /// The prompt, short enough for a line, without anything that a terminal would execute.
    var title: String {
        let words = prompt.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        return TerminalText.cut(PrintableName.escaped(words), to: 48)
    }
}

extension GenerationWork {
    /// The beginning of messages about this work.
    var prefix: String { line.map { "line \($0): " } ?? "" }
}

extension Duration {
    fileprivate var ageWords: String {
        let seconds = Int(inSeconds)
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7200 { return "\(seconds / 60) min" }
        return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
    }
}
