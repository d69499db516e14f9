// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// Small files that processes of this machine share. Its calls block.
enum StateFile {
    /// The bytes of a file; `nil` when there is none.
    static func read(_ path: FilePath, maximum: Int = 64 << 20) throws(Errno) -> [UInt8]? {
        do throws(Errno) {
            let file = try FileDescriptor.opening(path, .readOnly)
            defer { file.closeIgnoringErrors() }
            return try file.readBytes(maximum: maximum)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// The system's reason for a failure.
    static func reason(_ error: any Error) -> String { (error as? SystemFailure)?.reason.description ?? "\(error)" }

    /// Replaces a file that only its owner can read; it survives a power cut.
    static func replace(_ path: FilePath, with bytes: some Collection<UInt8>) throws {
        try FileSystem.makeFolders(path.removingLastComponent(), mode: 0o700)
        try FilePublisher.replace(path, with: bytes)
    }

    /// Does something while no other process changes the file.
    static func withLock<Result>(on path: FilePath, _ body: () throws -> Result) throws -> Result {
        let lock = try FileLock.acquire(FilePath(path.string + ".lock"), waiting: true)
        return try withExtendedLifetime(lock) { try body() }
    }
}

extension BlockingThreads {
    /// Does blocking work on one of the threads, also for a task that was cancelled: a record of something paid for has
    /// to be written all the same.
    @concurrent
    func runToEnd<Result: Sendable>(_ work: @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try work() }
    }
}
