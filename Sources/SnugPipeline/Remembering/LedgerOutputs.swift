// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
public import SystemPackage

/// Remembers outputs in a ledger, which is opened to be written only when there is something to keep.
public actor LedgerOutputs: OutputMemory {
    private let path: FilePath
    private var opening: Task<SQLiteLedger, any Error>?

    /// A memory in the file of a ledger.
    public init(_ path: FilePath) { self.path = path }

    /// All outputs below a folder.
    /// - Throws: `LedgerError`.
    public func outputs(in folder: FilePath) async throws -> [RememberedOutput] {
        try await SQLiteLedger.outputs(in: folder.bytes, at: path).compactMap { RememberedOutput($0) }
    }

    /// Keeps records, and forgets others.
    /// - Throws: `LedgerError`.
    public func update(_ folder: FilePath, keeping: [RememberedOutput], forgetting: [FilePath]) async throws {
        try await ledger().updateOutputs(
            in: folder.bytes, keeping: keeping.map(\.stored), forgetting: forgetting.map(\.bytes))
    }

    /// Closes the ledger, where it was opened.
    public func close() async {
        guard let ledger = try? await opening?.value else { return }
        opening = nil
        // Where that fails, what the process held is free when it ends.
        try? await ledger.close()
    }

    private func ledger() async throws -> SQLiteLedger {
        if let opening { return try await opening.value }
        let path = path
        // A task that all callers wait for: the actor is free while the file is opened.
        let task = Task { try await SQLiteLedger.open(path) }
        opening = task
        return try await task.value
    }
}

extension RememberedOutput {
    /// The record as the ledger keeps it: two makings of nine words each, `-` for what is not there.
    fileprivate var stored: LedgerOutput {
        LedgerOutput(
            name: name.bytes, input: input.bytes, payload: "\(Self.text(made)) \(Self.text(claimed))")
    }

    fileprivate init?(_ stored: LedgerOutput) {
        let words = stored.payload.split(separator: " ")
        guard words.count == 18 else { return nil }
        self.init(
            name: FilePath(bytes: stored.name), input: FilePath(bytes: stored.input),
            made: Self.making(words[..<9]), claimed: Self.making(words[9...]))
    }

    private static func text(_ making: Making?) -> String {
        guard let making else { return Array(repeating: "-", count: 9).joined(separator: " ") }
        return [making.options, text(making.input), text(making.file)].joined(separator: " ")
    }

    private static func text(_ state: FileState?) -> String {
        guard let state else { return "- - - -" }
        return "\(state.inode) \(state.byteCount) \(state.modified) \(state.changed)"
    }

    private static func making(_ words: ArraySlice<Substring>) -> Making? {
        guard let options = words.first, options != "-", let input = state(words.dropFirst().prefix(4)) else {
            return nil
        }
        return Making(input: input, options: String(options), file: state(words.dropFirst(5)))
    }

    private static func state(_ words: ArraySlice<Substring>) -> FileState? {
        let words = Array(words)
        guard words.count == 4, let inode = UInt64(words[0]), let byteCount = Int(words[1]),
            let modified = Int64(words[2]), let changed = Int64(words[3])
        else { return nil }
        return FileState(inode: inode, byteCount: byteCount, modified: modified, changed: changed)
    }
}
