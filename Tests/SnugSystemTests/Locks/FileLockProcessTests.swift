// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugSystem

/// Locks that other programs hold, and lose by their end.
@Suite struct FileLockProcessTests {
    private let folder: TemporaryFolder
    private let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("a.lock")
    }

    /// A program that holds the lock for as long as it lives, and says so in a file.
    private func holder() throws -> ChildProcess {
        let held = folder.path.appending("held")
        return try ChildProcess(
            ["/bin/sh", "-c", "exec 9>\"$1\"; flock 9; : > \"$2\"; exec sleep 600", "sh", path.string, held.string])
    }

    private func waitUntilHeld() {
        while (try? FileIdentity(of: folder.path.appending("held"), followsLinks: false)) == nil {
            DetachedThread.pause(milliseconds: 2)
        }
    }

    @Test("A lock of another program is respected, and is free once that program is killed")
    func killed() async throws {
        let path = path
        try await onThread { [self] in
            let program = try holder()
            waitUntilHeld()
            #expect(try FileLock.acquire(path) == nil)
            program.signal(SIGKILL)
            _ = program.wait()
            #expect(try FileLock.acquire(path) != nil)
        }
    }

    @Test("Waiting ends with the other program")
    func waiting() async throws {
        let path = path
        try await onThread { [self] in
            let program = try holder()
            waitUntilHeld()
            let order = Shared<[String]>([])
            try DetachedThread.start {
                DetachedThread.pause(milliseconds: 30)
                order.withLock { $0.append("killed") }
                program.signal(SIGKILL)
            }
            let lock = try FileLock.acquire(path, waiting: true)
            order.withLock { $0.append("locked") }
            #expect(lock != nil)
            #expect(order.withLock { $0 } == ["killed", "locked"])
        }
    }

    @Test("A lock of ours is respected by another program")
    func ours() async throws {
        let path = path
        try await onThread {
            func tryElsewhere() throws -> Int32 {
                try ChildProcess(["/bin/sh", "-c", "exec 9>\"$1\"; flock -n 9", "sh", path.string]).wait()
            }
            do {
                let lock = try #require(try FileLock.acquire(path))
                #expect(try tryElsewhere() == 1)
                withExtendedLifetime(lock) {}
            }
            #expect(try tryElsewhere() == 0)
        }
    }

    @Test("A lock file that was removed under a waiter is not the lock any more")
    func removed() async throws {
        let path = path
        try await onThread {
            var first = try FileLock.acquire(path, removesFile: true)
            #expect(first != nil)
            let isLocked = Shared(false)
            try DetachedThread.start {
                let lock = try? FileLock.acquire(path, waiting: true)
                isLocked.withLock { $0 = lock != nil }
                withExtendedLifetime(lock) { while isLocked.withLock({ $0 }) { DetachedThread.pause(milliseconds: 2) } }
            }
            DetachedThread.pause(milliseconds: 20)
            first = nil
            while !isLocked.withLock({ $0 }) { DetachedThread.pause(milliseconds: 2) }
            // The waiter holds a file that has the name: a third cannot take another one.
            #expect(try FileLock.acquire(path) == nil)
            isLocked.withLock { $0 = false }
        }
    }

    @Test("A program that we start does not inherit the lock")
    func inheritance() async throws {
        let path = path
        try await onThread {
            var lock = try FileLock.acquire(path)
            #expect(lock != nil)
            let program = try ChildProcess(["/bin/sleep", "600"])
            lock = nil
            #expect(try FileLock.acquire(path) != nil)
            program.signal(SIGKILL)
        }
    }
}
