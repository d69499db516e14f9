import FoundationEssentials
// SPDX-License-Identifier: Apache-2.0
import SnugSystem
public import SystemPackage

/// Keeps observed input limits in a file, for all processes of this machine that name the folder.
public final class FileInputLimits: InputLimitStore {
    private typealias Content = [String: ObservedInputLimits]
    private let own = InMemoryInputLimits()
    private let path: FilePath
    private let threads = BlockingThreads(count: 1)

    /// Names the folder, which is made when it is needed.
    public init(_ folder: FilePath) { path = folder.appending("generation-limits.json") }

    /// The observation for a model: this process's own, or that of another.
    /// - Throws: `output_failed`.
    public func limits(of model: ModelLocation) async throws -> ObservedInputLimits? {
        let kept = try await threads.runToEnd { [path] in try Self.mapping(path) { try Self.read(path)[model.name] } }
        guard let own = own.limits(of: model) else { return kept }
        guard let kept else { return own }
        return own.observedAt > kept.observedAt ? kept.merged(with: own) : own.merged(with: kept)
    }

    /// Merges an observation into the file. It holds for this process even when that fails.
    /// - Throws: `output_failed`.
    public func record(_ limits: ObservedInputLimits, of model: ModelLocation) async throws {
        own.record(limits, of: model)
        try await threads.runToEnd { [path] in
            try Self.mapping(path) {
                try StateFile.withLock(on: path) {
                    var content = try Self.read(path)
                    content[model.name] = content[model.name]?.merged(with: limits) ?? limits
                    try StateFile.replace(path, with: try JSONEncoder().encode(content))
                }
            }
        }
    }

    private static func read(_ path: FilePath) throws(Errno) -> Content {
        guard let bytes = try StateFile.read(path, maximum: 1 << 20) else { return [:] }
        // The limits in a damaged file are observed again.
        return (try? JSONDecoder().decode(Content.self, from: Data(bytes))) ?? [:]
    }

    private static func mapping<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw GenerationError(
                .outputFailed,
                "cannot keep observed limits in \(path): \(StateFile.reason(error)); choose another state folder",
                cause: error)
        }
    }
}

extension ModelLocation {
    fileprivate var name: String { "\(origin) \(model ?? "")" }
}
