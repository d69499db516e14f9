// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem
import Synchronization

/// The lines that show a daemon on a terminal: one for each folder, one for what stands still, and messages above them.
final class WatchDisplay: Sendable {
    private struct State {
        var lines: [String] = []
        var shownCount = 0
        var isOver = false
    }

    private let output: OutputStream
    private let state = Mutex(State())

    init(_ output: OutputStream = .standardError) { self.output = output }

    /// Puts a message above the lines.
    func tell(_ message: String) {
        state.withLock { state in
            output.write(Self.erasing(state.shownCount) + message + "\n" + Self.joined(state.lines))
            state.shownCount = state.lines.count
        }
    }

    /// Shows a state of the daemon in place of the one before.
    func show(_ status: DaemonStatus) {
        let columns = max((output.columns ?? Terminal.columnsByEnvironment ?? 80) - 1, 1)
        let lines = Self.lines(for: status).map { TerminalText.cut($0, to: columns) }
        state.withLock { state in
            guard !state.isOver, lines != state.lines || state.shownCount == 0 else { return }
            output.write(Self.erasing(state.shownCount) + Self.joined(lines))
            state.lines = lines
            state.shownCount = lines.count
        }
    }

    /// Leaves the last lines where they are.
    func end() { state.withLock { $0.isOver = true } }

    private static func erasing(_ count: Int) -> String { count > 0 ? "\r\u{1B}[\(count)A\u{1B}[J" : "" }

    private static func joined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    /// The lines, most important first in each, because the end is cut on a narrow terminal.
    static func lines(for status: DaemonStatus) -> [String] {
        let width = status.folders.map { TerminalText.width(of: PrintableName.escaped($0.name)) }.max() ?? 0
        var lines = status.folders.map { folder in
            let name = PrintableName.escaped(folder.name)
            let padding = String(repeating: " ", count: max(0, width - TerminalText.width(of: name)))
            let works = status.activities.filter { $0.folder == folder.name }
            return name + padding + "  " + counts(of: folder) + now(works, folder)
        }
        if status.folders.isEmpty { lines.append("\(status.books.waiting) waiting" + now(status.activities)) }
        if let pause = status.pause { lines.append("stands still: \(PrintableName.escaped(pause.message))") }
        for hold in status.holds { lines.append(hold.sentence) }
        if status.phase == .draining {
            lines.append("stopping: what runs gets time to finish (Ctrl-C again stops at once)")
        }
        return lines
    }

    private static func counts(of folder: DaemonStatus.Folder) -> String {
        var parts = ["\(folder.books.waiting) waiting", "\(folder.books.count(.delivered)) done"]
        if folder.settlingCount > 0 { parts.insert("\(folder.settlingCount) settling", at: 0) }
        for (state, word) in [(JobState.failed, "failed"), (.held, "held")] where folder.books.count(state) > 0 {
            parts.append("\(folder.books.count(state)) \(word)")
        }
        return parts.joined(separator: ", ")
    }

    private static func now(_ works: [DaemonStatus.Activity], _ folder: DaemonStatus.Folder) -> String {
        if folder.isPresent == false { return "  the folder is not there; waiting for it" }
        if !works.isEmpty { return now(works) }
        if let (name, reason) = folder.unsettled.min(by: { $0.key < $1.key }) {
            return "  \(PrintableName.escaped(name)) \(PrintableName.escaped(reason))"
        }
        guard let mode = folder.watchMode else { return "" }
        return folder.hasEvents ? "  watching" : "  \(PrintableName.escaped(mode))"
    }

    /// The longest of the works, and the number of the others.
    private static func now(_ works: [DaemonStatus.Activity]) -> String {
        if let longest = works.first {
            let others = works.count > 1 ? " and \(works.count - 1) more" : ""
            let seconds = longest.duration.components.seconds
            let time = seconds > 1 ? " (\(seconds) s)" : ""
            return "  \(longest.step.rawValue) \(PrintableName.escaped(longest.name))\(time)\(others)"
        }
        return ""
    }
}
