// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SystemPackage

/// The part of a state directory that one worker of this machine uses; several may run.
struct WorkerDirectory: Sendable {
    /// Where it is.
    let path: FilePath
    private let lock: FileLock

    /// Workers of one state directory at once.
    private static let maximumCount = 1000

    /// Takes the first part that no other worker has, and with it what an earlier worker left there. It blocks.
    /// - Throws: `io_failed`.
    static func take(below stateDirectory: FilePath) throws(DaemonError) -> WorkerDirectory {
        let parent = stateDirectory.appending("workers")
        do throws(Errno) {
            for number in 1...maximumCount {
                let path = parent.appending("\(number)")
                try FileSystem.makeFolders(path, mode: 0o700)
                if let lock = try FileLock.acquire(path.appending("worker.lock")) {
                    return WorkerDirectory(path: path, lock: lock)
                }
            }
        } catch {
            throw DaemonError(.ioFailed, "\(PrintableName.of(parent)) cannot be used: \(error)")
        }
        throw DaemonError(
            .alreadyRunning, "\(maximumCount) workers run below \(PrintableName.of(parent)); name another --state")
    }
}
