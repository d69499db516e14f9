// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What was sent and is not settled, of all accounts; no key is needed to see it.
struct PendingGenerations: Sendable {
    let journal: FileJournal

    func records() async throws -> [GenerationRecord] {
        try await journal.records().filter { $0.state != .delivered }
    }

    /// The record that a person means.
    func record(_ id: String) async throws -> GenerationRecord {
        guard let record = try await journal.record(id), record.state != .delivered else {
            throw ValidationError("nothing pending is named '\(PrintableName.escaped(id))'; --pending lists what is")
        }
        return record
    }

    func list(json: Bool) async throws {
        let now = Int(time(nil))
        let records = try await records()
        let output = OutputStream.standardOutput
        if json {
            for record in records { output.writeLine(Self.json(record).description) }
            return try output.checkDelivered()
        }
        if records.isEmpty {
            OutputStream.standardError.writeLine("nothing is pending")
            return
        }
        var table = TextTable(alignments: [.left, .left, .left, .right, .left])
        table.append(["id", "state", "provider", "age", "prompt"])
        for record in records {
            let age = Duration.seconds(max(0, now - record.createdAt)).ageWords
            table.append([
                record.id, record.state.rawValue, record.provider, age, GenerationWork.title(record.request.prompt),
            ])
        }
        output.write(table.text())
        for record in records {
            if let note = record.note { output.writeLine("\(record.id): \(PrintableName.escaped(note))") }
        }
        try output.checkDelivered()
    }

    private static func json(_ record: GenerationRecord) -> JSONText {
        .object([
            .init("id", .string(record.id)), .init("state", .string(record.state.rawValue)),
            .init("provider", .string(record.provider)), .init("base_url", .string(record.baseURL)),
            .init("input", .string(record.request.prompt)), .init("model", .optional(record.model)),
            .init("seed", .optional(record.seed)), .init("job", .optional(record.jobID)),
            .init("created", .integer(record.createdAt)), .init("submitted", .optional(record.submittedAt)),
            .init("folder", .string(FitRecord.text(of: record.destination.folder))),
            .init("name", .string(record.destination.name)), .init("note", .optional(record.note)),
        ])
    }

    func drop(_ ids: [String]) async throws {
        for id in ids {
            _ = try await record(id)
            guard try await journal.claim(id) else {
                throw GenerationError(.journalFailed, "\(id) is being worked on; stop that first")
            }
            do {
                try await journal.remove(id)
            } catch {
                await journal.release(id)
                throw error
            }
            await journal.release(id)
        }
    }

    /// Forgets what was done long ago and whose images are gone, so that the folder does not grow for ever.
    func forgetOld(_ reporter: GenerateReporter) async {
        do {
            try await forget(before: Int(time(nil)) - 90 * 86_400)
        } catch {
            reporter.note("warning: what was done long ago is still remembered: \(error)")
        }
    }

    private func forget(before oldest: Int) async throws {
        for old in try await journal.records() where Self.isForgettable(old, before: oldest) {
            guard try await journal.claim(old.id) else { continue }
            // Somebody may have begun it anew meanwhile.
            if let record = try await journal.record(old.id), Self.isForgettable(record, before: oldest) {
                try await journal.remove(record.id)
            }
            await journal.release(old.id)
        }
    }

    private static func isForgettable(_ record: GenerationRecord, before oldest: Int) -> Bool {
        guard record.state == .delivered, record.createdAt < oldest else { return false }
        return !(record.images ?? []).contains { image in
            unsafe image.path.withPlatformString { unsafe access($0, F_OK) } == 0
        }
    }
}

extension Duration {
    fileprivate var ageWords: String {
        let seconds = Int(inSeconds)
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7200 { return "\(seconds / 60) min" }
        return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
    }
}
