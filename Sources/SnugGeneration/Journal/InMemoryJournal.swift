// SPDX-License-Identifier: Apache-2.0

/// Forgets everything with the process.
public actor InMemoryJournal: GenerationJournal {
    /// It does not remember.
    public nonisolated var isDurable: Bool { false }
    private var kept: [String: GenerationRecord] = [:]
    private var claimed: Set<String> = []

    /// Starts empty.
    public init() {}

    /// The record of that name.
    public func record(_ id: String) -> GenerationRecord? { kept[id] }
    /// Keeps a record in place of the one before.
    public func save(_ record: GenerationRecord) { kept[record.id] = record }
    /// Forgets a record.
    public func remove(_ id: String) { kept[id] = nil }
    /// All records, the oldest first.
    public func records() -> [GenerationRecord] {
        kept.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }
    /// Reserves a name.
    public func claim(_ id: String) -> Bool { claimed.insert(id).inserted }
    /// Gives a reserved name back.
    public func release(_ id: String) { claimed.remove(id) }
}
