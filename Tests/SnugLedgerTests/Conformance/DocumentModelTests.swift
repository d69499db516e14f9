// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugLedger

/// Any store must pass these: values and names beside jobs, against dictionaries.
@Suite("Documents and names, against dictionaries") struct DocumentModelTests {
    private struct Value: Equatable {
        var payload: String
        var createdAt: LedgerInstant
        var updatedAt: LedgerInstant
        var expiresAt: LedgerInstant?

        init(_ document: LedgerDocument) {
            (payload, expiresAt) = (document.payload, document.expiresAt)
            (createdAt, updatedAt) = (document.createdAt, document.updatedAt)
        }

        init(payload: String, now: LedgerInstant, createdAt: LedgerInstant?, expiresAt: LedgerInstant?) {
            (self.payload, self.expiresAt) = (payload, expiresAt)
            (self.createdAt, updatedAt) = (createdAt ?? now, now)
        }
    }

    @Test(
        "A value is there from when it is kept until it is forgotten or its time is over, whether anybody prunes or not",
        arguments: LedgerFixture.Kind.shared, UInt64(1)...2)
    func documents(kind: LedgerFixture.Kind, seed: UInt64) async throws {
        let fixture = try await LedgerFixture(kind)
        let ledgers = [fixture.store, fixture.other].compactMap { $0 as? any SharedLedger }
        var random = SeededGenerator(seed: seed)
        var (model, versions): ([String: Value], [String: Int]) = ([:], [:])
        for _ in 0..<120 {
            fixture.time.advance(.milliseconds(Int.random(in: 0...20, using: &random)))
            let now = fixture.time.now
            model = model.filter { $0.value.expiresAt.map { $0 > now } ?? true }
            let key = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let ledger = ledgers[Int.random(in: 0..<2, using: &random)]
            let end = Bool.random(using: &random) ? now + .milliseconds(Int.random(in: -5...60, using: &random)) : nil
            switch Int.random(in: 0..<6, using: &random) {
            case 0: try await ledger.prune(PruningPolicy())
            case 1:
                try await ledger.remove(.requests, key)
                model[key] = nil
            case 2:
                // A change that throws leaves everything.
                await #expect(throws: CancellationError.self) {
                    try await ledger.update(.requests, key, expiresAt: nil) { payload -> Void in
                        payload = "lost"
                        throw CancellationError()
                    }
                }
            default:
                let old = model[key]
                let text = String(Int.random(in: 0..<3, using: &random))
                let seen = try await ledger.update(.requests, key, expiresAt: end) { payload in
                    defer { payload = text }
                    return payload
                }
                #expect(seen == old?.payload)
                if old?.payload != text || old?.expiresAt != end {
                    model[key] = Value(payload: text, now: now, createdAt: old?.createdAt, expiresAt: end)
                    if end.map({ $0 <= now }) ?? false { model[key] = nil }
                }
            }
            try await check(ledgers, model, &versions)
        }
    }

    private func check(
        _ ledgers: [any SharedLedger], _ model: [String: Value], _ versions: inout [String: Int]
    ) async throws {
        let found = try await ledgers[0].documents(.requests)
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.key, Value($0)) }) == model)
        #expect(found.map(\.key) == found.sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }.map(\.key))
        for document in found {
            #expect(try await ledgers[1].document(.requests, document.key) == document)
            let state = "\(document.key) \(document.createdAt)"
            // While it is remembered, its number grows with each change.
            #expect(document.version >= versions[state] ?? 1)
            versions[state] = document.version
        }
    }

    @Test(
        "A name has one owner, its number grows with each, and only the owner of that number gives it back",
        arguments: LedgerFixture.Kind.shared, UInt64(1)...2)
    func names(kind: LedgerFixture.Kind, seed: UInt64) async throws {
        let fixture = try await LedgerFixture(kind)
        let ledgers = [fixture.store, fixture.other].compactMap { $0 as? any SharedLedger }
        var random = SeededGenerator(seed: seed)
        let names = ["a", "b", "c"]
        var (owned, fences, past): ([String: NameLock], [String: Int], [NameLock]) = ([:], [:], [])
        for _ in 0..<120 {
            let ledger = ledgers[Int.random(in: 0..<2, using: &random)]
            let name = names.randomElement(using: &random) ?? "a"
            switch Int.random(in: 0..<6, using: &random) {
            case 0...1:
                let lock = try await ledger.lock(name)
                #expect((lock == nil) == (owned[name] != nil))
                guard let lock else { continue }
                #expect(lock.owner == ledger.workerID && lock.fence == (fences[name] ?? 0) + 1)
                (owned[name], fences[name]) = (lock, lock.fence)
            case 2:
                // The first that is free.
                let order = names.shuffled(using: &random)
                let lock = try await ledger.lock(oneOf: order)
                #expect(lock?.name == order.first { owned[$0] == nil })
                guard let lock else { continue }
                (owned[lock.name], fences[lock.name]) = (lock, lock.fence)
            case 3:
                // One that was given back before, by whoever had it then.
                if let lock = past.randomElement(using: &random) { try await ledger.unlock(lock) }
            default:
                guard let lock = owned.removeValue(forKey: name) else { continue }
                try await ledger.unlock(lock)
                past.append(lock)
            }
        }
        #expect(past.count > 10 && fences.values.allSatisfy { $0 > 2 })
        // A name that somebody has stays theirs, however old; one that is free is forgotten with its number.
        for name in names where owned[name] == nil { owned[name] = try await ledgers[0].lock(name) }
        let first = owned.removeValue(forKey: "a")
        let free = try #require(first)
        try await ledgers[0].unlock(free)
        fixture.time.advance(.seconds(31 * 86_400))
        try await ledgers[1].prune(PruningPolicy())
        #expect(try await ledgers[1].lock("b") == nil)
        #expect(try await ledgers[1].lock("a")?.fence == 1)
    }
}
