// SPDX-License-Identifier: Apache-2.0

/// A copy of one ledger in another, from a file to a service or back.
public struct LedgerCopy: Sendable, Hashable {
    /// Rows by the names of their tables.
    public private(set) var rows: [String: Int] = [:]
    /// Jobs.
    public var jobs: Int { rows["jobs"] ?? 0 }
    /// Records of all kinds.
    public var records: Int { rows.values.reduce(0, +) }

    private static let pageSize = 500

    /// Copies all that a ledger remembers as it is at one moment, and compares every row with the original before anything
    /// is kept.
    ///
    /// Work that runs meanwhile is copied as running: stop the daemons first, so that it is not done in both.
    /// - Parameters:
    ///   - source: The ledger to be copied.
    ///   - target: A ledger in which nothing is recorded.
    /// - Throws: `already_exists` for a target with records; `corrupt_ledger` for a row that is not what it was. Nothing was
    ///   copied then.
    public init(from source: any SharedLedger, to target: any SharedLedger) async throws {
        let channel = PageChannel()
        async let sending = Self.closingOnFailure(channel) {
            try await source.lookToEnd { transaction in
                try channel.beginSending()
                // Once to be written, once to be compared.
                for _ in 0..<2 { try Self.send(transaction, channel) }
            }
        }
        let place = target.place
        async let receiving = Self.closingOnFailure(channel) {
            try await target.transact { transaction in
                try channel.beginReceiving()
                try Self.requireEmpty(transaction, place)
                let rows = try Self.write(transaction, channel)
                try Self.compare(transaction, channel, place)
                return rows
            }
        }
        let (sent, received) = await (sending, receiving)
        // The end that failed first says why.
        if case .failure(let error) = received, !(error is PageChannel.Closed) { throw error }
        try sent.get()
        rows = try received.get()
    }

    private static func closingOnFailure<Value: Sendable>(
        _ channel: PageChannel, _ body: () async throws -> Value
    ) async -> Result<Value, any Error> {
        do { return .success(try await body()) } catch {
            channel.close()
            return .failure(error)
        }
    }

    // MARK: Ends

    private static func send(_ transaction: LedgerTransaction, _ channel: PageChannel) throws {
        for (index, table) in LedgerTable.all.enumerated() {
            var last: [SQLValue]?
            repeat {
                let rows = try transaction.page(of: table, after: last, limit: pageSize)
                try channel.send(PageChannel.Page(table: index, rows: rows))
                last = rows.last
            } while last != nil
        }
    }

    private static func requireEmpty(_ transaction: LedgerTransaction, _ place: String) throws {
        for table in LedgerTable.all where try !transaction.page(of: table, after: nil, limit: 1).isEmpty {
            throw LedgerError(
                .alreadyExists, "\(place) has records already (\(table.name)); name a ledger that is empty")
        }
    }

    private static func write(_ transaction: LedgerTransaction, _ channel: PageChannel) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for table in LedgerTable.all {
            while true {
                let rows = try channel.receive().rows
                if rows.isEmpty { break }
                for row in rows { try transaction.insert(row, into: table) }
                counts[table.name, default: 0] += rows.count
            }
        }
        return counts
    }

    private static func compare(_ transaction: LedgerTransaction, _ channel: PageChannel, _ place: String) throws {
        for table in LedgerTable.all {
            var last: [SQLValue]?
            while true {
                let expected = try channel.receive().rows
                let found = try transaction.page(of: table, after: last, limit: pageSize)
                guard found.count == expected.count, zip(found, expected).allSatisfy({ isSame($0, $1) }) else {
                    throw LedgerError(
                        .corrupt, "\(place): a row of \(table.name) is not what was copied; nothing was kept, report it"
                    )
                }
                if expected.isEmpty { break }
                last = expected.last
            }
        }
    }

    /// By bytes: texts that only look alike are not the same.
    private static func isSame(_ left: [SQLValue], _ right: [SQLValue]) -> Bool {
        left.elementsEqual(right) { left, right in
            if case .text(let left) = left, case .text(let right) = right { return left.utf8.elementsEqual(right.utf8) }
            return left == right
        }
    }
}
