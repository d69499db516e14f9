// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Adds records to the report, and passes events on.
final class FitCollector: Sendable {
    private let onEvent: @Sendable (FitEvent) throws -> Void
    private let state = Mutex(FitReport())

    init(_ onEvent: @escaping @Sendable (FitEvent) throws -> Void) { self.onEvent = onEvent }

    /// The report so far.
    var report: FitReport { state.withLock { $0 } }

    func send(_ event: FitEvent) throws {
        if case .finished(let record, _) = event { state.withLock { $0.add(record) } }
        try onEvent(event)
    }
}
