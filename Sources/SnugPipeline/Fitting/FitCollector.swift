// SPDX-License-Identifier: Apache-2.0
import Synchronization
import SystemPackage

/// Adds records to the report, and passes events on.
final class FitCollector: Sendable {
    private let onEvent: @Sendable (FitEvent) throws -> Void
    private let state = Mutex((report: FitReport(), ended: Set<FilePath>()))

    init(_ onEvent: @escaping @Sendable (FitEvent) throws -> Void) { self.onEvent = onEvent }

    /// The report so far.
    var report: FitReport { state.withLock { $0.report } }

    /// True for an input that has its record.
    func hasEnded(_ input: FilePath) -> Bool { state.withLock { $0.ended.contains(input) } }

    func send(_ event: FitEvent) throws {
        if case .finished(let record, _) = event {
            state.withLock { state in
                state.report.add(record)
                state.ended.insert(record.input)
            }
        }
        try onEvent(event)
    }
}
