// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct FolderSyncsTests {
    /// What a request saw: the moments at which it began and ended, and its error.
    private struct Request: Sendable {
        var begin: Int
        var end: Int
        var reason: Errno?
    }

    private struct Sync: Sendable {
        var begin: Int
        var end: Int
        var reason: Errno?
    }

    /// Moments in one order over all threads, and the syncs that were made.
    private final class Log: Sendable {
        private let moments = Atomic<Int>(0)
        let syncs = Mutex<[Sync]>([])

        func moment() -> Int { moments.add(1, ordering: .sequentiallyConsistent).newValue }
    }

    /// Lets eight threads ask for many syncs of a folder.
    private func run(
        in folder: FilePath, failing: @escaping @Sendable (_ sync: Int) -> Errno?
    ) async throws -> (requests: [Request], syncs: [Sync]) {
        let (syncs, log, threads) = (FolderSyncs(), Log(), BlockingThreads(count: 8))
        let requests = try await withThrowingTaskGroup(of: [Request].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await threads.run {
                        let descriptor = try FileDescriptor.openFolder(folder)
                        defer { descriptor.closeIgnoringErrors() }
                        return (0..<40).map { _ in request(of: descriptor, syncs, log, failing) }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (requests, log.syncs.withLock { $0 })
    }

    private func request(
        of descriptor: FileDescriptor, _ syncs: FolderSyncs, _ log: Log, _ failing: (Int) -> Errno?
    ) -> Request {
        let begin = log.moment()
        var reason: Errno?
        do throws(Errno) {
            try syncs.run(descriptor) { descriptor throws(Errno) in
                let begin = log.moment()
                try descriptor.synchronize()
                // A disk takes its time, while others come to wait.
                for _ in 0..<20_000 { _ = log.moment() }
                let reason = failing(log.syncs.withLock { $0.count })
                log.syncs.withLock { $0.append(Sync(begin: begin, end: log.moment(), reason: reason)) }
                if let reason { throw reason }
            }
        } catch { reason = error }
        return Request(begin: begin, end: log.moment(), reason: reason)
    }

    @Test("Each request is covered by a sync that began after it, and syncs are shared")
    func shares() async throws {
        let folder = try TemporaryFolder()
        let (requests, syncs) = try await run(in: folder.path) { _ in nil }
        #expect(requests.count == 320 && requests.allSatisfy { $0.reason == nil })
        for request in requests {
            #expect(syncs.contains { $0.begin > request.begin && $0.end < request.end })
        }
        #expect(syncs.count < requests.count)
    }

    @Test("A sync that fails is the failure of everybody whom it covers, and of nobody else")
    func failures() async throws {
        let folder = try TemporaryFolder()
        let (requests, syncs) = try await run(in: folder.path) { $0.isMultiple(of: 3) ? .ioError : nil }
        for request in requests {
            let covering = syncs.filter { $0.begin > request.begin && $0.end < request.end }
            #expect(covering.contains { $0.reason == request.reason }, "\(request) under \(covering)")
        }
        #expect(requests.contains { $0.reason == .ioError } && requests.contains { $0.reason == nil })
    }

    @Test("Folders are told apart by what they are, not by their names")
    func identity() throws {
        let folder = try TemporaryFolder()
        let syncs = FolderSyncs()
        for name in ["a", "b"] { try FileSystem.makeFolders(folder.path.appending(name)) }
        let (first, second) = (
            try FileDescriptor.openFolder(folder.path.appending("a")),
            try FileDescriptor.openFolder(folder.path.appending("b"))
        )
        defer {
            first.closeIgnoringErrors()
            second.closeIgnoringErrors()
        }
        #expect(throws: Errno.noSpace) {
            try syncs.run(first) { _ throws(Errno) in
                // Another folder's sync does not wait for this one.
                var isSynced = false
                try syncs.run(second) { _ throws(Errno) in isSynced = true }
                #expect(isSynced)
                throw .noSpace
            }
        }
        // The failure was that request's alone.
        #expect(throws: Never.self) { try syncs.run(first) { _ throws(Errno) in } }
    }
}
