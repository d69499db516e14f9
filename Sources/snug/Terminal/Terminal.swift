// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The terminal, as the environment describes it.
enum Terminal {
    /// True for a terminal that cannot move its cursor.
    static var isDumb: Bool {
        let name = Machine.environment("TERM")
        return name == nil || name == "" || name == "dumb"
    }

    /// True when the user wants no colour (no-color.org: set, and not empty).
    static var refusesColour: Bool { Machine.environment("NO_COLOR").map { !$0.isEmpty } ?? false }

    /// Columns by the environment, for terminals that do not tell.
    static var columnsByEnvironment: Int? {
        Machine.environment("COLUMNS").flatMap(Int.init).flatMap { $0 > 0 && $0 < 100_000 ? $0 : nil }
    }
}
