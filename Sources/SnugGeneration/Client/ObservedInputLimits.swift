// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Remembers how large an image each model of each provider took, after it refused a larger one.
final class ObservedInputLimits: Sendable {
    private struct Limit: Codable, Sendable {
        var byteLimit: Int?
        var maximumSide: Int?
        /// Seconds since 1970.
        var learntAt: Int
    }
    /// Providers raise their limits: after a month the documented one is tried again.
    private static let lifetime = 30 * 86_400
    private let path: FilePath?
    private let threads: FileThreads
    private let logger: Logger
    private let known = Mutex<[String: Limit]>([:])
    private let isRead = Mutex(false)

    /// - Parameter directory: Where processes share it; `nil` keeps it to this one.
    init(directory: FilePath?, threads: FileThreads, logger: Logger) {
        path = directory?.appending("generation-limits.json")
        self.threads = threads
        self.logger = logger
    }

    /// The limits with what was learnt.
    func apply(to limits: InputLimits, origin: String, model: String?, now: Int) async -> InputLimits {
        await readOnce()
        guard let learnt = known.withLock({ $0[Self.name(origin, model)] }), now - learnt.learntAt < Self.lifetime
        else { return limits }
        return Self.narrowed(limits, byteLimit: learnt.byteLimit, maximumSide: learnt.maximumSide)
    }

    /// Notes what a model refused to exceed.
    func learn(byteLimit: Int?, maximumSide: Int?, origin: String, model: String?, now: Int) async {
        let name = Self.name(origin, model)
        await readOnce()
        known.withLock { known in
            let old = known[name]
            known[name] = Limit(
                byteLimit: byteLimit ?? old?.byteLimit, maximumSide: maximumSide ?? old?.maximumSide, learntAt: now)
        }
        guard let path else { return }
        do {
            let mine = known.withLock { $0 }
            try await threads.run {
                // Another process may have learnt something meanwhile.
                let merged = Self.read(path).merging(mine) { $0.learntAt > $1.learntAt ? $0 : $1 }
                DiskCalls.makeFolders(path.removingLastComponent(), mode: 0o700)
                try DiskCalls.replace(path, with: try JSONEncoder().encode(merged), mode: 0o600)
            }
        } catch {
            // Known for this process; the next one learns it again.
            logger.warning("a learnt limit could not be kept", metadata: ["error": "\(error)", "path": "\(path)"])
        }
    }

    static func narrowed(_ limits: InputLimits, byteLimit: Int?, maximumSide: Int?) -> InputLimits {
        var limits = limits
        if let byteLimit { limits.byteLimit = min(limits.byteLimit, byteLimit) }
        if let side = maximumSide { limits.maximumSide = min(limits.maximumSide ?? side, side) }
        return limits
    }

    private func readOnce() async {
        guard let path, !isRead.withLock({ $0 }) else { return }
        let kept = (try? await threads.run { Self.read(path) }) ?? [:]
        isRead.withLock { $0 = true }
        known.withLock { known in known.merge(kept) { $0.learntAt > $1.learntAt ? $0 : $1 } }
    }

    /// What is not there or damaged is learnt again.
    private static func read(_ path: FilePath) -> [String: Limit] {
        guard let descriptor = try? DiskCalls.open(path, O_RDONLY) else { return [:] }
        defer { close(descriptor) }
        let bytes = (try? DiskCalls.read(descriptor, count: 1 << 20)) ?? []
        return (try? JSONDecoder().decode([String: Limit].self, from: Data(bytes))) ?? [:]
    }

    private static func name(_ origin: String, _ model: String?) -> String { "\(origin) \(model ?? "")" }
}
