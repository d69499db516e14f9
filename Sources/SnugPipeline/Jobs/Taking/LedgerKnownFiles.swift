// SPDX-License-Identifier: Apache-2.0
import Dispatch
import FoundationEssentials
import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

/// The files of a folder that stay in it and are known to the ledger, so that each version is processed once, also across
/// restarts.
///
/// Where files are moved, everything in the inbox is new.
final class LedgerKnownFiles: KnownFiles {
    private struct State {
        /// Digests of the keys that are known; the ledger is asked about the others only.
        var known: Set<Int> = []
        var place: FolderPlace?
        var isPlaceRead = false
    }

    private let ledger: any LedgerStore
    private let folder: String
    private let stays: Bool
    private let placeFile: FilePath
    private let state = Mutex(State())

    /// - Parameters:
    ///   - stays: Files stay in the folder.
    ///   - placeFile: Where the place of the folder is kept.
    init(_ ledger: any LedgerStore, folder: String, stays: Bool, placeFile: FilePath) {
        self.ledger = ledger
        self.folder = folder
        self.stays = stays
        self.placeFile = placeFile
    }

    /// Notes a file that is in the ledger.
    func note(_ key: SourceKey) {
        guard stays else { return }
        state.withLock { _ = $0.known.insert(key.text.hashValue) }
    }

    func areSettled(_ files: [ScannedFile], in root: FilePath) throws -> [Bool] {
        guard stays else { return files.map { _ in false } }
        let keys = files.map { SourceKey.left($0.path, $0.version).text }
        let unknown = state.withLock { state in keys.filter { !state.known.contains($0.hashValue) } }
        if unknown.isEmpty { return keys.map { _ in true } }
        let (ledger, folder) = (ledger, folder)
        let found = try Blocking.wait { try await ledger.knownSources(of: folder, among: unknown) }
        return state.withLock { state in
            for key in found { state.known.insert(key.hashValue) }
            return keys.map { state.known.contains($0.hashValue) }
        }
    }

    // MARK: Place

    private struct StoredPlace: Codable {
        var device: UInt64
        var inode: UInt64
        var isMountPoint: Bool
    }

    func place(of root: FilePath) throws -> FolderPlace? {
        if let place = state.withLock({ $0.isPlaceRead ? .some($0.place) : nil }) { return place }
        let stored = (try? FileDescriptor.contents(of: placeFile)).flatMap {
            try? JSONDecoder().decode(StoredPlace.self, from: Data($0))
        }
        let place = stored.map {
            FolderPlace(device: $0.device, inode: $0.inode, isMountPoint: $0.isMountPoint)
        }
        state.withLock { state in
            state.place = place
            state.isPlaceRead = true
        }
        return place
    }

    func remember(_ place: FolderPlace, of root: FilePath) throws {
        guard try self.place(of: root) != place else { return }
        let stored = StoredPlace(device: place.device, inode: place.inode, isMountPoint: place.isMountPoint)
        try FileSystem.makeFolders(placeFile.removingLastComponent(), mode: 0o700)
        try FilePublisher.replace(placeFile, with: JSONEncoder().encode(stored))
        state.withLock { $0.place = place }
    }
}

/// Waits for tasks on threads that may block.
enum Blocking {
    /// Waits for asynchronous work. Call it on ``BlockingThreads`` only.
    static func wait<Result: Sendable>(for work: @escaping @Sendable () async throws -> Result) throws -> Result {
        let result = Mutex<Swift.Result<Result, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        // Runs on Swift's own threads while this one waits.
        Task {
            let outcome: Swift.Result<Result, any Error>
            do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
            result.withLock { $0 = outcome }
            done.signal()
        }
        done.wait()
        guard let outcome = result.withLock({ $0 }) else { throw CancellationError() }
        return try outcome.get()
    }
}
