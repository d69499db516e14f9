// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization
import SystemPackage

@testable import SnugPipeline

/// A storage of names and ages only.
final class MemoryStorage: ByteStorage {
    struct State {
        var objects: [String: ListedObject] = [:]
        var pageSize = 3
        var removed: [String] = []
        var lists = 0
        /// What happens before an age is told.
        var beforeAge: (@Sendable (inout [String: ListedObject]) -> Void)?
        var failsToRemove = false
        var owner: String?
        var unfinished: [UnfinishedObject] = []
        /// The fault of a look at unfinished ones.
        var unfinishedFault: StorageError?
    }

    let state = Mutex(State())

    init(_ objects: [ListedObject]) {
        state.withLock { state in
            for object in objects { state.objects[object.digest] = object }
        }
    }

    let place = "s3://b"
    var digests: [String] { state.withLock { $0.objects.keys.sorted() } }
    var removed: [String] { state.withLock { $0.removed } }
    var lists: Int { state.withLock { $0.lists } }

    func store(_ file: FilePath, as object: StoredObject) async throws {}
    func fetch(_ object: StoredObject, to file: FilePath) async throws {
        throw StorageError(.missing, "nothing is here")
    }

    func objects(after digest: String?) async throws -> [ListedObject] {
        state.withLock { state in
            state.lists += 1
            let rest = state.objects.values.filter { $0.digest > digest ?? "" }.sorted { $0.digest < $1.digest }
            return Array(rest.prefix(state.pageSize))
        }
    }

    func remove(_ digest: String) async throws {
        if state.withLock({ $0.failsToRemove }) { throw StorageError(.refused, "no right to delete") }
        state.withLock { state in
            state.objects[digest] = nil
            state.removed.append(digest)
        }
    }

    func owner() async throws -> String? { state.withLock { $0.owner } }
    func setOwner(_ ledger: String) async throws { state.withLock { $0.owner = ledger } }

    func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws {
        let (unfinished, fault) = state.withLock { ($0.unfinished, $0.unfinishedFault) }
        if let fault { throw fault }
        for object in unfinished { try await visit(object) }
    }

    func removeUnfinished(_ object: UnfinishedObject) async throws {
        state.withLock { state in state.unfinished.removeAll { $0 == object } }
    }

    func age(of digest: String) async throws -> Duration? {
        state.withLock { state in
            state.beforeAge?(&state.objects)
            return state.objects[digest]?.age
        }
    }
}
