// SPDX-License-Identifier: Apache-2.0

/// A bound for work that knows none of its own.
enum Deadline {
    /// Runs work, which is cancelled at the deadline.
    /// - Parameter activity: What would be under way then, for the error: `photo.jpg was being hosted`.
    /// - Throws: `deadline_exceeded`; the work's own error; `CancellationError`.
    static func run<Value: Sendable>(
        until deadline: ContinuousClock.Instant?, doing activity: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let deadline else { return try await body() }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            guard let first = try await group.next(), let value = first else {
                throw GenerationError(
                    .deadlineExceeded, "the time is over: \(activity), and nothing was sent to the provider")
            }
            return value
        }
    }
}
