// SPDX-License-Identifier: Apache-2.0
import SnugSystem
public import SystemPackage

/// Keeps job claims in one file for each account, for all processes of this machine that name the folder.
///
/// The file grows by a line for each job: seconds since 1970, the submission's key, the job.
public final class FileJobClaims: JobClaimStore {
    /// Listings are searched for jobs of the last minutes or hours.
    private static let lifetime = 3 * 86_400
    /// Bytes after which old lines are left out.
    private static let usualSize = 1 << 20

    private let own = InMemoryJobClaims()
    private let folder: FilePath
    private let threads = BlockingThreads(count: 1)

    /// Names the folder, which is made when it is needed.
    public init(_ folder: FilePath) { self.folder = folder }

    /// Assigns a job to a submission, among all processes.
    /// - Throws: `output_failed`.
    public func claim(_ job: String, account: String, for key: String, now: Int) async throws -> Bool {
        let (isOurs, isNew) = own.take(job, account: account, for: key)
        guard isNew else { return isOurs }
        let path = path(of: account)
        return try await threads.runToEnd {
            try Self.mapping(path) { try Self.add(Line(time: now, key: key, job: job), to: path) }
        }
    }

    /// The jobs that belong to other submissions of the account.
    /// - Throws: `output_failed`.
    public func jobs(of account: String, exceptFor key: String) async throws -> Set<String> {
        let path = path(of: account)
        let lines = try await threads.runToEnd { try Self.mapping(path) { try Self.read(path) } }
        return own.jobs(of: account, exceptFor: key).union(lines.filter { $0.key != key }.map(\.job))
    }

    private func path(of account: String) -> FilePath { folder.appending("jobs-" + account) }

    private struct Line {
        var time: Int
        var key: String
        var job: String
        var text: String { "\(time) \(key) \(job)\n" }
    }

    private static func read(_ path: FilePath) throws(Errno) -> [Line] {
        let text = String(decoding: try StateFile.read(path) ?? [], as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, let time = Int(parts[0]) else { return nil }
            return Line(time: time, key: parts[1], job: parts[2])
        }
    }

    /// - Returns: False when another process has the job already.
    private static func add(_ line: Line, to path: FilePath) throws -> Bool {
        try StateFile.withLock(on: path) {
            let lines = try read(path)
            if let owner = lines.first(where: { $0.job == line.job }) { return owner.key == line.key }
            guard lines.reduce(0, { $0 + $1.text.utf8.count }) <= usualSize else {
                let recent = lines.filter { $0.time >= line.time - lifetime } + [line]
                try StateFile.replace(path, with: recent.map(\.text).joined().utf8)
                return true
            }
            let file = try FileDescriptor.opening(
                path, .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
            defer { file.closeIgnoringErrors() }
            try file.writeBytes(line.text.utf8)
            return true
        }
    }

    private static func mapping<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw GenerationError(
                .outputFailed,
                "cannot keep the jobs of submissions in \(path): \(StateFile.reason(error)); make the folder writable",
                cause: error)
        }
    }
}
