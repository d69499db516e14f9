// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SnugLedger

/// Removes the objects of a storage that no job refers to any more, and what killed hosts have left of others.
///
/// By age and by the ledger's word, never by guess: an object goes only when it was stored longer ago than the grace time,
/// and the ledger, asked after that was seen, knows no job that refers to it. When the ledger cannot be asked, nothing goes.
package struct StorageSweeper: Sendable {
    /// The time between the storing of an object and the recording of a job that refers to it is shorter by far.
    ///
    /// Hosts store again what is older than half of it, so a sweep with a shorter grace could take what they rely on.
    package static let usualGrace = Duration.seconds(7 * 86_400)

    /// The outcome of a sweep.
    package struct Report: Sendable, Hashable {
        /// Objects that were looked at.
        package var objects = 0
        /// Bytes of all of them.
        package var bytes = 0
        /// Objects that are too new to be judged.
        package var young = 0
        /// Objects that jobs refer to.
        package var referred = 0
        /// Objects that were removed, or would be.
        package var removed = 0
        /// Bytes of those.
        package var removedBytes = 0
        /// Objects whose storing was begun and has not ended.
        package var unfinished = 0
        /// Those that were removed, or would be.
        package var unfinishedRemoved = 0
        /// Why unfinished ones could not be looked at, where that is so.
        package var unfinishedNote: String?

        package init() {}
    }

    let storage: any ByteStorage
    private let ledger: any LedgerStore
    let grace: Duration
    private let logger: Logger

    package init(
        _ storage: any ByteStorage, ledger: any LedgerStore, grace: Duration = Self.usualGrace, logger: Logger
    ) {
        self.storage = storage
        self.ledger = ledger
        self.grace = grace
        self.logger = logger
    }

    /// Looks through all objects once.
    /// - Parameters:
    ///   - isDryRun: True to remove nothing.
    ///   - removed: Called for each object that was removed, or would be.
    ///   - unfinished: Called for each unfinished object that was removed, or would be.
    /// - Throws: ``StorageError``; what the ledger throws; `CancellationError`.
    package func sweep(
        isDryRun: Bool = false, removed: @Sendable (ListedObject) -> Void = { _ in },
        unfinished: @Sendable (UnfinishedObject) -> Void = { _ in }
    ) async throws -> Report {
        var report = Report()
        try await sweepObjects(&report, isDryRun: isDryRun, removed)
        try await sweepUnfinished(&report, isDryRun: isDryRun, unfinished)
        return report
    }

    private func sweepObjects(
        _ report: inout Report, isDryRun: Bool, _ removed: @Sendable (ListedObject) -> Void
    ) async throws {
        var last: String?
        while true {
            let page = try await storage.objects(after: last)
            guard let end = page.last?.digest else { return }
            report.objects += page.count
            report.bytes += page.reduce(0) { $0 + $1.byteCount }
            let old = page.filter { $0.age > grace }
            report.young += page.count - old.count
            for object in try await orphans(among: old, &report) {
                try Task.checkCancellation()
                if !isDryRun, try await !remove(object) { continue }
                removed(object)
                report.removed += 1
                report.removedBytes += object.byteCount
            }
            last = end
        }
    }

    /// Those of the objects that no job refers to.
    private func orphans(among old: [ListedObject], _ report: inout Report) async throws -> [ListedObject] {
        guard !old.isEmpty else { return [] }
        let referred = try await ledger.referredObjects(among: old.map(\.digest))
        report.referred += referred.count
        return old.filter { !referred.contains($0.digest) }
    }

    /// Removes an object, unless it was stored again since the page was read.
    private func remove(_ object: ListedObject) async throws -> Bool {
        guard let age = try await storage.age(of: object.digest), age > grace else { return false }
        try await storage.remove(object.digest)
        logger.debug("an object without a job is removed", metadata: ["digest": "\(object.digest)"])
        return true
    }
}
