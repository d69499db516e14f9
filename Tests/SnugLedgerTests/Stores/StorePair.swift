// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugLedger
import SnugTestSupport
import SnugUpload
import SystemPackage

/// Where a store keeps what it is given.
enum StoreKind: String, Sendable, CaseIterable {
    case memory, ledger
    #if Postgres
        case postgres
    #endif

    static var allCases: [StoreKind] {
        #if Postgres
            if PostgresServer.isAvailable { return [.memory, .ledger, .postgres] }
        #endif
        return [.memory, .ledger]
    }
}

/// Two stores of one state, as two processes have them; in memory there is one process.
struct StorePair<Store: Sendable>: Sendable {
    let one: Store
    let two: Store
    /// The ledgers of the two; none in memory.
    let ledgers: [any SharedLedger]
    private let folder: TemporaryFolder?

    fileprivate init(_ kind: StoreKind, memory: @autoclosure () -> Store, ledger: (any SharedLedger) -> Store)
        async throws
    {
        switch kind {
        case .memory:
            let store = memory()
            (one, two, folder, ledgers) = (store, store, nil, [])
        case .ledger:
            let folder = try TemporaryFolder()
            let path = folder.path.appending("ledger.sqlite")
            let ledgers = [try await SQLiteLedger.open(path), try await SQLiteLedger.open(path)]
            (one, two) = (ledger(ledgers[0]), ledger(ledgers[1]))
            (self.folder, self.ledgers) = (folder, ledgers)
        #if Postgres
            case .postgres:
                let (schema, time) = (PostgresServer.newName(), TestTime())
                ledgers = [try await PostgresLedger.open(schema, time), try await PostgresLedger.open(schema, time)]
                (one, two, folder) = (ledger(ledgers[0]), ledger(ledgers[1]), nil)
        #endif
        }
    }
}

extension StorePair where Store == any UploadStore {
    static func uploads(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryUploadStore()) { LedgerUploadStore($0) }
    }
}

extension StorePair where Store == any GenerationJournal {
    static func journals(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryJournal()) { LedgerJournal($0) }
    }
}

extension StorePair where Store == any JobClaimStore {
    static func jobClaims(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryJobClaims()) { LedgerJobClaims($0) }
    }
}

extension StorePair where Store == any AccountLimitStore {
    static func accountLimits(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryAccountLimits()) { LedgerAccountLimits($0) }
    }
}

extension StorePair where Store == any AccountStateStore {
    static func accountStates(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryAccountStates()) { LedgerAccountStates($0) }
    }
}

extension StorePair where Store == any InputLimitStore {
    static func inputLimits(_ kind: StoreKind) async throws -> Self {
        try await Self(kind, memory: InMemoryInputLimits()) { LedgerInputLimits($0) }
    }
}

/// Waits until something holds: a process that this one starts at the same moment holds its locks until it has become another
/// program.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<500 {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return try await condition()
}
