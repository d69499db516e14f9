// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct BucketRetriesTests {
    private static let failure = UploadJob.Exchange.failure(
        HTTPError(.connectionLost, "the connection ended", outcome: .partlySent))

    private func retries(_ attempts: Int, random: Double = 1) -> BucketRetries {
        var environment = RetryEnvironment()
        environment.random = { random }
        let policy = RetryPolicy(
            maximumAttempts: attempts, firstDelay: .seconds(1), throttledDelay: .seconds(4), maximumDelay: .seconds(10),
            longestHint: .seconds(60))
        return BucketRetries(policy, environment)
    }

    @Test("Waits double up to their bound, and overload waits longer")
    func waits() throws {
        var retries = retries(10)
        let waits = try (0..<5).map { _ in try retries.wait(hint: nil, throttled: false, after: Self.failure) }
        #expect(waits == [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(10)])
        var throttled = self.retries(10)
        #expect(try throttled.wait(hint: nil, throttled: true, after: Self.failure) == .seconds(4))
        var lucky = self.retries(10, random: 0)
        #expect(try lucky.wait(hint: nil, throttled: false, after: Self.failure) == .zero)
    }

    @Test("The wait that a server names wins, unless it is too long")
    func hints() throws {
        var retries = retries(10)
        #expect(try retries.wait(hint: .seconds(50), throttled: true, after: Self.failure) == .seconds(50))
        let error = #expect(throws: BucketError.self) {
            try retries.wait(hint: .seconds(61), throttled: true, after: Self.failure)
        }
        #expect(error?.code == .unavailable && error?.retryAfter == .seconds(61))
        #expect(error?.message.contains("61 s") == true)
    }

    @Test("Attempts are bounded, and bytes that came start the count over", arguments: [1, 2, 5])
    func bound(attempts: Int) throws {
        var retries = retries(attempts)
        for _ in 1..<attempts { _ = try retries.wait(hint: nil, throttled: false, after: Self.failure) }
        retries.moved()
        for _ in 1..<attempts { _ = try retries.wait(hint: nil, throttled: false, after: Self.failure) }
        let error = #expect(throws: BucketError.self) {
            try retries.wait(hint: nil, throttled: false, after: Self.failure)
        }
        #expect(error?.code == .unavailable && error?.message.contains("try again later") == true)
    }
}

@Suite struct BucketDownloadTests {
    private let folder: ScratchFolder
    private let bytes = pattern(1000)
    init() throws { folder = try ScratchFolder() }

    @Test("A file appears with its last step, and its bytes are counted and hashed as they come")
    func steps() throws {
        let download = try BucketDownload(to: folder.path.appending("out"))
        #expect(folder.names.count == 1 && folder.names[0].hasPrefix(".snug-"))
        try download.write(Array(bytes[..<400]))
        #expect(download.byteCount == 400 && !download.isComplete(BucketContent(bytes)))
        try download.write(Array(bytes[400...]))
        #expect(download.isComplete(BucketContent(bytes)) && !download.isComplete(BucketContent(pattern(1001))))
        #expect(folder.bytes("out") == nil)
        try download.publish()
        download.discard()
        #expect(folder.bytes("out") == bytes && folder.names == ["out"])
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path.appending("out").string)
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test("What starts over keeps nothing of before, and what is given up leaves nothing")
    func over() throws {
        let download = try BucketDownload(to: folder.path.appending("out"))
        try download.write(pattern(5000))
        try download.startOver()
        try download.write(bytes)
        #expect(download.isComplete(BucketContent(bytes)))
        try download.publish()
        #expect(folder.bytes("out") == bytes)
        let other = try BucketDownload(to: folder.path.appending("other"))
        try other.write(bytes)
        other.discard()
        other.discard()
        #expect(folder.names == ["out"])
    }

    @Test("A download that nobody holds any more removes its file")
    func forgotten() throws {
        do {
            let download = try BucketDownload(to: folder.path.appending("out"))
            try download.write(bytes)
        }
        #expect(folder.names.isEmpty)
    }

    @Test("A name that a folder has cannot be taken, and the temporary file goes")
    func taken() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path.appending("out").string, withIntermediateDirectories: false)
        let download = try BucketDownload(to: folder.path.appending("out"))
        try download.write(bytes)
        let error = #expect(throws: BucketError.self) { try download.publish() }
        #expect(error?.code == .fileFailed && error?.message.contains("out") == true)
        #expect(folder.names == ["out"])
    }
}

@Suite struct BucketErrorTests {
    @Test(
        "An upload's failure is told in the terms of a bucket",
        arguments: [
            (UploadError.Code.credentialsRefused, BucketError.Code.credentialsRefused), (.checksumMismatch, .damaged),
            (.verificationFailed, .damaged), (.sourceFailed, .fileFailed), (.sourceChanged, .fileFailed),
            (.serverMisbehaved, .misbehaved), (.retriesSpent, .unavailable), (.deadlineExceeded, .unavailable),
            (.outcomeUnknown, .unavailable), (.gone, .unavailable), (.refused, .refused), (.tooLarge, .refused),
            (.invalidTarget, .refused),
        ])
    func mapped(code: UploadError.Code, expected: BucketError.Code) {
        let error = BucketError(UploadError(code, "words", status: 418, retryAfter: .seconds(3)))
        #expect(error.code == expected && error.message == "words")
        #expect(error.status == 418 && error.retryAfter == .seconds(3))
        #expect(error.description == "\(expected.rawValue): words")
    }

    @Test("Codes are stable")
    func codes() {
        #expect(
            BucketError.Code.allCases.map(\.rawValue) == [
                "invalid_address", "not_found", "no_bucket", "credentials_refused", "refused", "unavailable",
                "unsupported", "damaged", "file_failed", "server_misbehaved",
            ])
    }
}
