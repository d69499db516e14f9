// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import SnugSystem

@Suite struct CallingThreadTests {
    /// A thread by its number.
    private static var current: UInt { UInt(pthread_self()) }

    @Test("Work of the thread, what it waits for and what would block elsewhere all run on it")
    func staysOnThread() async throws {
        let threads = BlockingThreads(count: 2)
        let found = try await threads.run { () -> [Bool] in
            let own = Self.current
            return CallingThread.run {
                await Task.yield()
                var found = [Self.current == own]
                let others = BlockingThreads(count: 2)
                found.append((try? await others.run { Self.current }) == own)
                found.append(await others.runUncancelled { Self.current } == own)
                found.append((try? await others.runCancellable { _ in Self.current }) == own)
                return found
            }
        }
        #expect(found == [true, true, true, true])
    }

    @Test("A cancelled task of the thread does no work that can be cancelled")
    func cancellation() async throws {
        let threads = BlockingThreads(count: 1)
        let outcomes = try await threads.run { () -> [Bool] in
            CallingThread.run {
                let others = BlockingThreads(count: 1)
                return await withTaskGroup(of: [Bool].self) { group in
                    group.cancelAll()
                    group.addTask {
                        [
                            (try? await others.run { true }) == nil,
                            (try? await others.runCancellable { _ in true }) == nil,
                            await others.runUncancelled { true },
                        ]
                    }
                    return await group.next() ?? []
                }
            }
        }
        #expect(outcomes == [true, true, true])
    }

    @Test("Errors reach the caller")
    func errors() async throws {
        struct Fault: Error {}
        let isThrown = try await BlockingThreads(count: 1).run {
            CallingThread.run { () -> Bool in
                do { return try await BlockingThreads(count: 1).run { throw Fault() } } catch { return error is Fault }
            }
        }
        #expect(isThrown)
    }

    @Test("Elsewhere blocking work leaves the thread of the task")
    func elsewhere() async throws {
        #expect(!CallingThread.isCurrent)
        #expect(try await BlockingThreads(count: 1).run { !CallingThread.isCurrent })
    }
}
