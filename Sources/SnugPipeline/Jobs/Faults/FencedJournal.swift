// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugLedger

/// A journal that takes no submission of a job whose lease has run out: the submission does not leave then. It notes who has
/// the files of a result.
struct FencedJournal: GenerationJournal {
    let journal: any GenerationJournal
    let leases: LeaseWatches
    let holder: HolderName

    var isDurable: Bool { journal.isDurable }

    func record(_ id: String) async throws -> GenerationRecord? { try await journal.record(id) }

    func save(_ record: GenerationRecord) async throws {
        try check(record)
        var record = record
        let hasFiles = record.images?.isEmpty == false || record.resultURLs.contains { $0.hasPrefix("file:") }
        if hasFiles, record.state != .held { record.holder = holder.value ?? record.holder }
        try await journal.save(record)
        // The wait for the ledger may have been long.
        try check(record)
    }

    func remove(_ id: String) async throws { try await journal.remove(id) }
    func records() async throws -> [GenerationRecord] { try await journal.records() }
    func claim(_ id: String) async throws -> Bool { try await journal.claim(id) }
    func release(_ id: String) async { await journal.release(id) }

    private func check(_ record: GenerationRecord) throws {
        // What was accepted is recorded whoever has the job.
        guard [.preparing, .sending].contains(record.state) else { return }
        // One of several submissions of a job is named after it, too.
        guard let job = JobID(String(record.id.prefix { $0 != "#" })), !leases.lasts(job) else { return }
        throw GenerationError(
            .journalFailed,
            "the job's lease ran out while the process stood still; another host may have the job by now")
    }
}

extension GenerationStores {
    /// The stores with a journal that minds leases.
    func fenced(by leases: LeaseWatches, holder: HolderName = HolderName()) -> GenerationStores {
        var stores = self
        stores.journal = FencedJournal(journal: journal, leases: leases, holder: holder)
        return stores
    }
}
