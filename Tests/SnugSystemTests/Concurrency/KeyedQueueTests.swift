// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import SnugSystem

@Suite struct KeyedQueueTests {
    @Test("Work of one key never overlaps, work of two keys does not wait")
    func exclusion() async throws {
        let queue = KeyedQueue()
        let running = Occupancy()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    _ = try await queue.run("a") {
                        running.enter()
                        await Task.yield()
                        running.leave()
                    }
                }
            }
            for try await _ in group {}
        }
        #expect(running.most == 1)
        let nested = try await queue.run("a") { try await queue.run("b") { 7 } }
        #expect(nested == 7)
    }

    @Test("A turn that does not come before the deadline is given up, and the queue stays usable")
    func deadline() async throws {
        let queue = KeyedQueue()
        let inside = try await queue.run("a") {
            try await queue.run("a", until: .now + .milliseconds(1)) { true }
        }
        #expect(inside == .some(nil))
        #expect(try await queue.run("a") { true } == true)
    }
}

/// How many are inside at once, and were at most.
private final class Occupancy: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock { $0.most } }
    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func leave() { state.withLock { $0.now -= 1 } }
}
