// SPDX-License-Identifier: Apache-2.0

/// A ledger in a database that several processes share.
///
/// All verbs are transactions of the same statements, whichever database it is.
public protocol SharedLedger: LedgerStore, DocumentStore, NameLocks {
    /// Its place for a person: a path, or an address without a password.
    var place: String { get }
    /// The name under which this instance claims work.
    var workerID: String { get }

    /// Carries out a transaction that writes, to its end although its task is cancelled.
    func transact<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result
    /// Carries out a transaction that only reads.
    func look<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result
    /// Carries out a short transaction that only reads, also for a task that was cancelled: one that ends looks for what it
    /// leaves behind.
    func lookToEnd<Result: Sendable>(
        _ body: @escaping @Sendable (LedgerTransaction) throws -> Result
    ) async throws -> Result
    /// True for a worker whose process has ended, as far as can be told.
    func hasEnded(_ worker: String) async throws -> Bool

    /// Checks what the database can check, and that the books balance.
    /// - Throws: `corrupt_ledger`, naming the first findings.
    func checkIntegrity() async throws
    /// Its version, size and place.
    func facts() async throws -> LedgerFacts
    /// Hands back what this instance has claimed, and closes the database.
    func close() async throws
}

extension SharedLedger {
    /// - Throws: `corrupt_ledger` for the first folder whose books do not balance.
    func checkBooks() async throws {
        for (folder, books) in try await books().sorted(by: { $0.key < $1.key }) where !books.areBalanced {
            throw LedgerError(
                .corrupt,
                "\(place): the books of the folder '\(folder)' do not balance: \(books.seen) seen, "
                    + "\(books.states.values.reduce(0, +)) there; keep a copy, and report it")
        }
    }
}
