// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// Shows other processes that this one lives: a locked file, whose lock the system takes back from a process that ends.
final class WorkerLiveness: Sendable {
    let id: String
    private let folder: FilePath
    private let lock: Mutex<FileLock?>

    init(folder: FilePath, id: String) throws(LedgerError) {
        self.id = id
        self.folder = folder
        let path = Self.path(folder, id)
        do throws(Errno) {
            // The id is new, so that nobody else can have the lock.
            guard let lock = try FileLock.acquire(path, removesFile: true) else { throw .wouldBlock }
            self.lock = Mutex(lock)
        } catch {
            throw LedgerFiles.failure(error, "register in \(folder)")
        }
    }

    /// Those of these workers whose processes have ended.
    func gone(among workers: [String]) -> [String] {
        workers.filter { worker in worker != id && hasEnded(worker) }
    }

    /// Two that ask at a time may take each other for the worker, and ask again later. A file that cannot be opened says
    /// nothing, and so nobody is declared dead.
    private func hasEnded(_ worker: String) -> Bool {
        guard let lock = try? FileLock.acquire(Self.path(folder, worker), removesFile: true) else { return false }
        withExtendedLifetime(lock) {}
        return true
    }

    /// Ends it for this process.
    func end() { lock.withLock { $0 = nil } }

    private static func path(_ folder: FilePath, _ worker: String) -> FilePath { folder.appending("\(worker).lock") }
}
