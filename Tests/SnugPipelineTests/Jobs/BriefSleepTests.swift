// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugPipeline

@Suite struct BriefSleepTests {
    @Test(
        "A wait comes to its end, also where it is made of several",
        arguments: [Duration.zero, .seconds(-5), .milliseconds(30), .milliseconds(2100)])
    func ends(duration: Duration) async throws {
        let isOver = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await BriefSleep.sleep(for: duration)
                return true
            }
            return try await group.next()
        }
        #expect(isOver == true)
    }

    @Test("A cancelled wait ends with the error, at the start and in the middle")
    func cancellation() async throws {
        for yields in [0, 50] {
            let task = Task { try await BriefSleep.sleep(for: .seconds(3600)) }
            for _ in 0..<yields { await Task.yield() }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
