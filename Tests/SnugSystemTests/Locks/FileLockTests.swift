// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct FileLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: FilePath { folder.path.appending("locks").appending("a.lock") }

    @Test("A lock is held by one, and by the next once it is given back")
    func excludes() throws {
        do {
            let lock = try #require(try FileLock.acquire(path))
            #expect(try FileLock.acquire(path) == nil)
            withExtendedLifetime(lock) {}
        }
        #expect(try FileLock.acquire(path) != nil)
        #expect(folder.files() == ["locks/a.lock"])
    }

    @Test("A lock for a name that is used once takes its file along")
    func removesFile() throws {
        do {
            let lock = try #require(try FileLock.acquire(path, removesFile: true))
            #expect(folder.files() == ["locks/a.lock"])
            withExtendedLifetime(lock) {}
        }
        #expect(folder.files().isEmpty)
    }

    @Test("Locks of two files do not exclude each other")
    func independent() throws {
        let first = try FileLock.acquire(path)
        let second = try FileLock.acquire(folder.path.appending("b.lock"))
        #expect(first != nil && second != nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test("A link leads to one lock, whether its file is there already or not", arguments: [true, false])
    func links(isThere: Bool) throws {
        if isThere { try folder.write([], to: "real.lock") }
        try folder.makeLink("link.lock", to: "real.lock")
        let (link, real) = (folder.path.appending("link.lock"), folder.path.appending("real.lock"))
        let lock = try #require(try FileLock.acquire(link))
        #expect(try FileLock.acquire(real) == nil && FileLock.acquire(link) == nil)
        withExtendedLifetime(lock) {}
    }

    @Test("A link that leads to itself is an error")
    func endlessLink() throws {
        try folder.makeLink("a.lock", to: "a.lock")
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try FileLock.acquire(folder.path.appending("a.lock")) }
    }

    @Test("Many that wait are inside one at a time, also while the file comes and goes", arguments: [false, true])
    func waits(removesFile: Bool) async throws {
        let threads = BlockingThreads(count: 4)
        let state = Shared((inside: 0, most: 0, total: 0))
        let path = path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await threads.run {
                        let lock = try FileLock.acquire(path, waiting: true, removesFile: removesFile)
                        state.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1), $0.total + 1) }
                        state.withLock { $0.inside -= 1 }
                        withExtendedLifetime(lock) {}
                    }
                }
            }
            for try await _ in group {}
        }
        #expect(state.withLock { $0.most } == 1)
        #expect(state.withLock { $0.total } == 40)
    }

    @Test("A folder that is a file is an error")
    func fileInTheWay() throws {
        try folder.write([1], to: "locks")
        #expect(throws: Errno.notDirectory) { try FileLock.acquire(path) }
    }

    @Test("The lock on an open file ends with the descriptor")
    func descriptors() throws {
        try folder.write([1], to: "a")
        let file = folder.path.appending("a")
        let first = try FileDescriptor.opening(file, .readWrite)
        let second = try FileDescriptor.opening(file, .readWrite)
        defer { second.closeIgnoringErrors() }
        #expect(try first.lock(waiting: false))
        #expect(try !second.lock(waiting: false))
        try first.close()
        #expect(try second.lock(waiting: false))
    }
}
