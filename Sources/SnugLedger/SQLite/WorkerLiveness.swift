// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// Shows other processes that this one lives: a locked file, whose lock the system takes back from a process that ends.
///
/// The file also tells what the process is at work on.
final class WorkerLiveness: Sendable {
    /// A worker whose process has ended. Nobody else finds it while this is kept.
    struct Gone: Sendable {
        let id: String
        /// The jobs that it was at work on at the end.
        let worked: Set<JobID>
        fileprivate let lock: FileLock
        fileprivate let path: FilePath

        /// Removes its file, once the ledger knows its end.
        func forget() { FileSystem.removeIfThere(path) }
    }

    let id: String
    let marks: WorkMarks
    private let folder: FilePath
    private let lock: Mutex<FileLock?>

    init(folder: FilePath, id: String) throws(LedgerError) {
        self.id = id
        self.folder = folder
        let path = Self.path(folder, id)
        do throws(Errno) {
            // The id is new, so that nobody else can have the lock.
            guard let lock = try FileLock.acquire(path, removesFile: true) else { throw .wouldBlock }
            marks = WorkMarks(lock)
            self.lock = Mutex(lock)
        } catch {
            throw LedgerFiles.failure(error, "register in \(folder)")
        }
    }

    /// Those of these workers whose processes have ended.
    ///
    /// Two that ask at a time may take each other for the worker, and ask again later. A file that cannot be opened says
    /// nothing, and so nobody is declared dead.
    func gone(among workers: [String]) -> [Gone] {
        workers.compactMap { worker in
            let path = Self.path(folder, worker)
            guard worker != id, let lock = try? FileLock.acquire(path) else { return nil }
            return Gone(id: worker, worked: WorkMarks.read(lock), lock: lock, path: path)
        }
    }

    /// Ends it for this process.
    func end() {
        marks.end()
        lock.withLock { $0 = nil }
    }

    private static func path(_ folder: FilePath, _ worker: String) -> FilePath { folder.appending("\(worker).lock") }
}
