// SPDX-License-Identifier: Apache-2.0
import SnugPipeline

/// The line that shows what generations are doing: state and text, no clock and no terminal.
struct GenerationProgress: Sendable {
    /// The phase of one prompt, and its start.
    private struct Activity {
        var phase = "preparing"
        var since: Duration
    }

    private let total: Int
    private var activities: [String: Activity] = [:]
    private var done = 0
    private var failed = 0
    private var drawings = 0

    /// A line for this many prompts.
    init(total: Int) { self.total = total }

    mutating func began(_ name: String, at elapsed: Duration) { activities[name] = Activity(since: elapsed) }

    mutating func moved(_ name: String, to phase: String, at elapsed: Duration) {
        // The phase continues, and so does its time.
        guard let known = activities[name], Self.kind(known.phase) != Self.kind(phase) else {
            activities[name]?.phase = phase
            return
        }
        activities[name] = Activity(phase: phase, since: elapsed)
    }

    mutating func ended(_ name: String, isDone: Bool) {
        activities[name] = nil
        if isDone { done += 1 } else { failed += 1 }
    }

    /// The line, and its next shape.
    mutating func text(elapsed: Duration, title: (String) -> String) -> String {
        drawings += 1
        let wheel = Array("|/-\\")[drawings % 4]
        if total == 1, let (name, activity) = activities.first {
            let time = elapsed - activity.since
            // A wait has its own figure, and so has a download.
            let isOpenEnded = !["waiting", "downloading"].contains(Self.kind(activity.phase))
            let seconds = isOpenEnded && time >= .seconds(1) ? " \(Int(time.inSeconds)) s" : ""
            return "\(wheel) \(activity.phase)\(seconds)  \(title(name))"
        }
        var parts = ["\(done + failed)/\(total)"]
        if failed > 0 { parts.append("\(failed) failed") }
        let kinds = Dictionary(grouping: activities.values, by: { Self.kind($0.phase) })
        for (kind, members) in kinds.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            parts.append("\(members.count) \(kind)")
        }
        parts.append("\(Int(elapsed.inSeconds) / 60):\(Self.twoDigits(Int(elapsed.inSeconds) % 60))")
        return "\(wheel) " + parts.joined(separator: "  ")
    }

    /// A phase without its figures.
    private static func kind(_ phase: String) -> String {
        phase.split { $0 == " " || $0 == "," }.first.map(String.init) ?? phase
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
