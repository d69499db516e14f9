// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem

/// Jobs for a person, as wide as the terminal is.
struct JobTable {
    /// Columns that the text may take; `nil` for text that is not cut.
    var columns: Int?
    var paint: Paint

    /// A table for standard output.
    init(_ output: OutputStream = .standardOutput) {
        let isTerminal = output.isTerminal
        columns = isTerminal ? output.columns ?? Terminal.columnsByEnvironment ?? 80 : nil
        paint = Paint(isOn: isTerminal && !Terminal.isDumb && !Terminal.refusesColour)
    }

    /// Columns from which each job takes one line.
    private static let wide = 100
    private var folderWidth: Int { columns ?? 200 < 150 ? 10 : 16 }
    private var nameWidth: Int { columns ?? 200 < 150 ? 20 : 32 }

    /// Jobs, a line each, or some short lines each where the terminal is narrow.
    func text(of jobs: [Job], now: LedgerInstant, hasHeader: Bool) -> String {
        if let columns, columns < Self.wide {
            return jobs.map { narrow($0, columns: columns, now: now) }.joined()
        }
        var text = hasHeader ? row("state", "id", "step", "age", "folder", "name", "why") : ""
        for job in jobs {
            let folder = TerminalText.cut(PrintableName.escaped(job.folder), to: columns == nil ? .max : folderWidth)
            let name = TerminalText.cut(PrintableName.escaped(job.name), to: columns == nil ? .max : nameWidth)
            text += row(
                job.state.rawValue, job.id.description, job.shownStep, DurationText.rough(now.since(job.since)), folder,
                name, PrintableName.escaped(job.reason?.message ?? ""), colour: job.state.colour)
        }
        return text
    }

    private func row(
        _ state: String, _ id: String, _ step: String, _ age: String, _ folder: String, _ name: String, _ why: String,
        colour: Paint.Colour? = nil
    ) -> String {
        let cells = [(state, 9), (id, 26), (step, 9), (age, 6), (folder, folderWidth), (name, nameWidth), (why, 0)]
        var line = ""
        for (cell, width) in cells {
            line += cell + String(repeating: " ", count: max(0, width - TerminalText.width(of: cell))) + "  "
        }
        while line.last == " " { line.removeLast() }
        if let columns { line = TerminalText.cut(line, to: columns) }
        guard let colour, line.hasPrefix(state) else { return line + "\n" }
        return paint.apply(colour, to: state) + line.dropFirst(state.count) + "\n"
    }

    private func narrow(_ job: Job, columns: Int, now: LedgerInstant) -> String {
        func line(_ text: String) -> String { TerminalText.cut(text, to: columns) + "\n" }
        let state = job.state.rawValue
        let step = job.shownStep.isEmpty ? "" : ", \(job.shownStep)"
        var text = paint.apply(job.state.colour ?? .dim, to: state) + "  " + line(job.id.description)
        text += line("  \(PrintableName.escaped(job.name))")
        text += line("  \(DurationText.rough(now.since(job.since)))\(step) in \(PrintableName.escaped(job.folder))")
        if let reason = job.reason { text += line("  \(PrintableName.escaped(reason.message))") }
        return text
    }

    /// The books of folders and their sum.
    func text(of folders: [(name: String, books: LedgerBooks)]) -> String {
        var table = TextTable(alignments: [.left] + Array(repeating: .right, count: 7))
        table.append(["folder", "seen", "delivered", "failed", "held", "cancelled", "waiting", "running"])
        func add(_ name: String, _ books: LedgerBooks) {
            let counts = [
                books.seen, books.count(.delivered), books.count(.failed), books.count(.held),
                books.count(.cancelled), books.waiting, books.count(.running),
            ]
            table.append([name] + counts.map(String.init))
        }
        if let columns, columns < 80 { return folders.map { narrow($0.name, $0.books) }.joined() }
        for folder in folders { add(PrintableName.escaped(folder.name), folder.books) }
        if folders.count > 1 { add("all", folders.map(\.books).reduce(LedgerBooks(), +)) }
        return table.text()
    }

    private func narrow(_ name: String, _ books: LedgerBooks) -> String {
        var table = TextTable(alignments: [.left, .right])
        let counts: [(String, Int)] = [
            ("seen", books.seen), ("delivered", books.count(.delivered)), ("failed", books.count(.failed)),
            ("held", books.count(.held)), ("cancelled", books.count(.cancelled)), ("waiting", books.waiting),
            ("running", books.count(.running)),
        ]
        for (name, count) in counts { table.append(["  \(name)", String(count)]) }
        return PrintableName.escaped(name) + "\n" + table.text()
    }
}

extension JobState {
    /// The colour of the state in lists.
    var colour: Paint.Colour? {
        switch self {
        case .waiting, .running: nil
        case .paused, .held: .yellow
        case .delivered: .green
        case .failed: .red
        case .cancelled: .dim
        }
    }
}

extension Job {
    /// The step to come or under way; empty for a job that is done.
    var shownStep: String { state == .delivered ? "" : step.rawValue }
}

extension LedgerInstant {
    /// The time from another moment to this one.
    func since(_ other: LedgerInstant) -> Duration { .milliseconds(max(0, milliseconds - other.milliseconds)) }
}
