// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import SnugSystem
public import SystemPackage

/// Keeps account limits in one file for each account, for all processes of this machine that name the folder.
///
/// The file is read and replaced under a lock. It is not synced to the disk: after a power cut the provider's headers say
/// how things are. Slots are locks, which the system takes back from a process that dies.
public final class FileAccountLimits: AccountLimitStore {
    private let folder: FilePath
    private let threads = BlockingThreads(count: 2)

    /// Names the folder, which is made when it is needed.
    public init(_ folder: FilePath) { self.folder = folder }

    /// True: all processes that name the folder take part.
    public var isShared: Bool { true }

    /// Reads and changes the state of an account in one step.
    /// - Throws: `output_failed`, and what `change` throws.
    public func update<Result: Sendable>(
        _ account: String, _ change: @Sendable (inout RateLimitState) throws -> Result
    ) async throws -> Result {
        let path = path(of: account, ".json")
        return try await threads.runToEnd {
            let lock = try Self.mapping(path) {
                try FileLock.acquire(FilePath(path.string.dropLast(5) + ".lock"), waiting: true)
            }
            return try withExtendedLifetime(lock) {
                let known = try Self.mapping(path) { try Self.read(path) }
                var state = known
                let result = try change(&state)
                if state != known { try Self.mapping(path) { try Self.write(state, path) } }
                return result
            }
        }
    }

    /// Takes one of the slots for concurrent requests.
    /// - Throws: `output_failed`.
    public func takeSlot(_ account: String, of count: Int) async throws -> RequestSlot? {
        let path = path(of: account, ".slot-")
        return try await threads.runToEnd {
            try Self.mapping(path) {
                for number in 0..<count {
                    guard let lock = try FileLock.acquire(FilePath(path.string + "\(number)")) else { continue }
                    return RequestSlot { withExtendedLifetime(lock) {} }
                }
                return nil
            }
        }
    }

    private func path(of account: String, _ suffix: String) -> FilePath {
        folder.appending(SHA256.hash(data: Data(account.utf8)).prefix(12).hexadecimal + suffix)
    }

    private static func read(_ path: FilePath) throws(Errno) -> RateLimitState {
        guard let bytes = try StateFile.read(path, maximum: 4 << 20) else { return RateLimitState() }
        // A file that a power cut left half written is worth nothing, and the provider's headers will tell.
        return (try? JSONDecoder().decode(RateLimitState.self, from: Data(bytes))) ?? RateLimitState()
    }

    private static let publisher: FilePublisher = {
        var calls = PublishingCalls.system
        calls.synchronize = { _ in }
        return FilePublisher(calls: calls)
    }()

    private static func write(_ state: RateLimitState, _ path: FilePath) throws {
        let bytes = Array(try JSONEncoder().encode(state))
        _ = try publisher.publish(to: path, replacing: true, mode: 0o600) { write in try write(bytes[...]) }
    }

    private static func mapping<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw GenerationError(
                .outputFailed,
                "cannot count requests in \(path): \(StateFile.reason(error)); choose another state folder",
                cause: error)
        }
    }
}
