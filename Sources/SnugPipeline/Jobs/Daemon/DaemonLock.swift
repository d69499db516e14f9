// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// The right to use a state directory, held by one process at a time.
final class DaemonLock: Sendable {
    private let lock: FileLock

    private init(_ lock: FileLock) { self.lock = lock }

    /// Takes the right. It blocks.
    /// - Throws: `already_running`, naming the process; `io_failed`.
    static func acquire(in stateDirectory: FilePath) throws(DaemonError) -> DaemonLock {
        let owner = stateDirectory.appending("daemon.pid")
        do {
            try FileSystem.makeFolders(stateDirectory, mode: 0o700)
            guard let lock = try FileLock.acquire(stateDirectory.appending("daemon.lock")) else {
                let bytes = (try? FileDescriptor.contents(of: owner, maximum: 64)) ?? []
                let number = Int(String(decoding: bytes.filter { (48...57).contains($0) }, as: UTF8.self))
                throw DaemonError(
                    .alreadyRunning,
                    "the daemon of \(PrintableName.of(stateDirectory)) runs already"
                        + (number.map { " (process \($0))" } ?? "")
                        + "; stop it, or name another state directory")
            }
            try? FilePublisher.replace(owner, with: Array("\(Machine.processID)\n".utf8))
            return DaemonLock(lock)
        } catch let error as DaemonError {
            throw error
        } catch {
            throw DaemonError(.ioFailed, "\(PrintableName.of(stateDirectory)) cannot be used: \(error)")
        }
    }
}
