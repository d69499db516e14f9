// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension BlockingThreads {
    /// Does blocking work on one of the threads, also for a task that was cancelled: what was paid for has to be kept all the
    /// same.
    @concurrent
    func runToEnd<Result: Sendable>(_ work: @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try work() }
    }
}
