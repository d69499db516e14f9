// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem

extension JobTable {
    /// Everything about a job.
    func text(of report: JobReport) -> String {
        let job = report.job
        var text = paint.apply(job.state.colour ?? .green, to: job.state.rawValue) + "  \(job.id)\n"
        text += field("name", job.name)
        text += field("folder", job.folder)
        if !job.account.isEmpty { text += field("account", job.account) }
        text += field("since", "\(job.since.localText), first seen \(job.createdAt.localText)")
        if let reason = job.reason { text += field("why", "\(reason.message) (\(reason.code))") }
        text += field("next", report.next)
        text += field("stage", "\(job.stage.rawValue), attempt \(job.attempt) at \(job.step.rawValue)")
        text += field("pipeline", job.identity.pipeline)
        if let hash = job.identity.contentHash { text += field("content", hash) }
        if let owner = job.owner { text += field("worker", owner) }
        if let other = job.supersedes { text += field("replaces", other.description) }
        if !report.deliveries.isEmpty {
            text += "results\n"
            for delivery in report.deliveries {
                text += item(
                    delivery.deliveredAt.map { "\($0.localText)  delivered" } ?? "not yet  ",
                    "\(delivery.folder): \(delivery.name)")
            }
        }
        if !report.steps.isEmpty {
            text += "effects\n"
            for step in report.steps {
                text += item(
                    "\(step.begunAt.localText)  \(step.step.rawValue)", "\(step.state.rawValue), key \(step.key)")
            }
        }
        text += "history\n"
        for event in report.history {
            let reason = event.reason.map { ": \($0.message)" } ?? ""
            text += item(
                "\(event.at.localText)  \(event.verb)", "\(event.state.rawValue), \(event.step.rawValue)\(reason)")
        }
        return text
    }

    private func field(_ name: String, _ value: String) -> String {
        let label = "  " + name + String(repeating: " ", count: max(1, 10 - name.count))
        return wrapped(label, PrintableName.escaped(value))
    }

    private func item(_ start: String, _ rest: String) -> String {
        wrapped("  \(start)  ", PrintableName.escaped(rest))
    }

    /// A label and text, in as many lines as the terminal needs; the later lines stand below the text, or a little inwards
    /// where there is no room beside the label.
    private func wrapped(_ label: String, _ value: String) -> String {
        guard let columns else { return label + value + "\n" }
        let indent = TerminalText.width(of: label) > columns / 2 ? 4 : TerminalText.width(of: label)
        var lines: [String] = []
        var line = label
        var isFirstWord = true
        for word in value.split(separator: " ", omittingEmptySubsequences: false) {
            let space = isFirstWord ? "" : " "
            if TerminalText.width(of: line + space + word) <= columns {
                line += space + word
            } else {
                // A word longer than a line is left to the terminal.
                if !isFirstWord || !line.allSatisfy({ $0 == " " }) { lines.append(line) }
                line = String(repeating: " ", count: indent) + word
            }
            isFirstWord = false
        }
        lines.append(line)
        return lines.map { text in
            var text = text
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }.joined()
    }
}
