// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// A folder that goes away with the last reference.
final class ScratchFolder: Sendable {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(component: "snug-upload-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path())
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    func file(_ bytes: [UInt8], named name: String = "file.bin") throws -> FilePath {
        let file = path.appending(name)
        try Data(bytes).write(to: URL(filePath: file.string))
        return file
    }

    /// The store of uploads of a process that begins now.
    func uploadStore() async throws -> LedgerUploadStore {
        LedgerUploadStore(try await SQLiteLedger.open(path.appending("state/ledger.sqlite")))
    }

    func truncate(_ name: String, to byteCount: UInt64) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path.appending(name).string))
        try handle.truncate(atOffset: byteCount)
        try handle.close()
    }
}

/// An uploader that does not wait between attempts, unless asked to, and that takes its time to remove what it cancelled.
/// - Parameter continueTimeout: Long where a refusal has to keep the body at home, however late it comes.
func makeUploader(
    _ folder: ScratchFolder?, waits: Bool = false, now: Int? = nil, discardTimeout: Duration = .seconds(60),
    continueTimeout: Duration = .seconds(1), questionTimeout: Duration = .seconds(30)
) async throws -> Uploader {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    configuration.continueTimeout = continueTimeout
    var environment = RetryEnvironment()
    if let now { environment.wallClock = { now } }
    if !waits { environment.sleep = { _ in try Task.checkCancellation() } }
    return Uploader(
        client: try HTTPClient(configuration: configuration, logger: quietLogger, metrics: noMetrics),
        store: try await folder?.uploadStore(), logger: quietLogger,
        environment: environment, discardTimeout: discardTimeout, cleanUpTimeout: .seconds(60),
        questionTimeout: questionTimeout)
}

/// An upload that cancels itself once so many bytes of it are on their way, before anything else happens.
func uploadAndCancel(
    _ uploader: Uploader, _ file: FilePath, to target: UploadTarget, options: UploadOptions, after bytes: Int
) async {
    let cancellation = Cancellation()
    var options = options
    options.onProgress = { if $0.bytesSent >= bytes { cancellation.cancel() } }
    let chosen = options
    // Under the lock, so that the first progress finds it.
    let task = cancellation.task.withLock { held in
        let task = Task { try await uploader.upload(file, to: target, options: chosen) }
        held = task
        return task
    }
    await #expect(throws: CancellationError.self) { try await task.value }
}

private final class Cancellation: Sendable {
    let task = Mutex<Task<UploadReceipt, any Error>?>(nil)
    func cancel() { task.withLock { $0?.cancel() } }
}
