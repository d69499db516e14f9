// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct TusTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func target(_ server: FakeTusServer) throws -> UploadTarget {
        UploadTarget(try HTTPURL(server.url), .tus)
    }

    private func options(_ chunk: Int = 100_000) -> UploadOptions {
        var options = UploadOptions()
        options.chunkSize = chunk
        options.adaptsChunkSize = false
        return options
    }

    @Test("A file arrives whole, whatever its size", arguments: [0, 1, 99_999, 100_000, 100_001, 1_234_567])
    func arrives(size: Int) async throws {
        let server = try FakeTusServer()
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(size)), to: target(server), options: options())
        #expect(server.stored == [pattern(size)])
        #expect(receipt.bytes == size && receipt.bytesSent == size && receipt.retries == 0 && !receipt.resumed)
        #expect(receipt.confirmation == .length)
        #expect(try await makeUploader(folder).pending().isEmpty)
    }

    @Test("One fault of each kind costs a retry and no byte", arguments: FakeTusServer.Fault.allCases, [1, 2, 5])
    func oneFault(fault: FakeTusServer.Fault, at request: Int) async throws {
        let server = try FakeTusServer { $0 == request ? fault : nil }
        let receipt = try await makeUploader(folder).upload(
            try folder.file(pattern(500_000)), to: target(server), options: options())
        #expect(server.stored == [pattern(500_000)])
        #expect(server.faults == 1)
        #expect(receipt.retries > 0 || fault == .refuseButStore)
    }

    @Test("A lost response to the question for features is asked for again, so that each chunk has its checksum")
    func asksAgainWhatTheServerCan() async throws {
        let server = try FaultServer { connection in
            if connection.number == 1 {
                _ = try connection.readRequest()
                return
            }
            while true {
                let request = try connection.readRequest()
                let headers: [String: String] =
                    switch request.method {
                    case "OPTIONS":
                        [
                            "Tus-Version": "1.0.0", "Tus-Extension": "creation,checksum",
                            "Tus-Checksum-Algorithm": "sha1",
                        ]
                    case "POST": ["Location": "/files/1"]
                    default: ["Upload-Offset": "1000"]
                    }
                try connection.respond(request.method == "POST" ? 201 : 204, headers)
            }
        }
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        _ = try await makeUploader(folder).upload(try folder.file(pattern(1000)), to: target)
        #expect(server.requests.map(\.method) == ["OPTIONS", "OPTIONS", "POST", "PATCH"])
        #expect(server.requests.last?.headers["upload-checksum"]?.hasPrefix("sha1 ") == true)
    }

    @Test("Each chunk has its own checksum, whatever was prepared for it", arguments: [true, false])
    func checksums(adapts: Bool) async throws {
        let stored = Mutex<[UInt8]>([])
        let wrong = Mutex(0)
        let server = try FaultServer { connection in
            let offer = ["Tus-Extension": "creation,checksum", "Tus-Checksum-Algorithm": "sha1"]
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "OPTIONS": try connection.respond(204, offer)
                case "POST": try connection.respond(201, ["Location": "/files/1"])
                case "HEAD":
                    let offset = stored.withLock { $0.count }
                    try connection.respond(200, ["Upload-Offset": "\(offset)", "Content-Length": "0"])
                default:
                    let sum = MessageDigest.sha1(request.body)
                    let isRight = request.headers["upload-checksum"] == "sha1 \(Array(sum).base64)"
                    // One is refused that was right.
                    let isDamaged = connection.number == 1 && request.headers["upload-offset"] == "200000"
                    if !isRight { wrong.withLock { $0 += 1 } }
                    guard isRight, !isDamaged || stored.withLock({ $0.count }) > 200_000 else {
                        try connection.respond(460, ["Connection": "close"])
                        return
                    }
                    let offset = stored.withLock { stored in
                        stored += request.body
                        return stored.count
                    }
                    try connection.respond(204, ["Upload-Offset": "\(offset)"])
                }
            }
        }
        var options = options()
        options.adaptsChunkSize = adapts
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        _ = try await makeUploader(folder).upload(try folder.file(pattern(1_234_567)), to: target, options: options)
        #expect(stored.withLock { $0 } == pattern(1_234_567))
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test("Nothing is lost or doubled under many faults", arguments: UInt64(1)...20)
    func campaign(seed: UInt64) async throws {
        let random = Mutex(SeededGenerator(seed: seed))
        let server = try FakeTusServer { _ in
            random.withLock {
                Int.random(in: 0..<3, using: &$0) == 0 ? FakeTusServer.Fault.allCases.randomElement(using: &$0) : nil
            }
        }
        var options = UploadOptions()
        options.chunkSize = 70_000
        let bytes = pattern(700_000 + Int(seed) * 1013)
        _ = try await makeUploader(folder).upload(try folder.file(bytes), to: target(server), options: options)
        #expect(server.stored == [bytes])
    }

    @Test func aProxysLimitIsFoundAndRemembered() async throws {
        let server = try FakeTusServer(limit: 1 << 20)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        var options = UploadOptions()
        options.chunkSize = 8 << 20
        _ = try await uploader.upload(try folder.file(pattern(10_000_000)), to: target(server), options: options)
        #expect(server.refusals <= 3)
        let before = server.refusals
        _ = try await uploader.upload(
            try folder.file(pattern(9_000_000), named: "next"), to: target(server), options: options)
        #expect(server.refusals == before)
        #expect(server.stored.map(\.count).sorted() == [9_000_000, 10_000_000])
    }

    @Test func anotherProcessResumesWhereThisOneStopped() async throws {
        let server = try FakeTusServer { $0 > 3 && $0 < 20 ? .closeAtOnce : nil }
        let file = try folder.file(pattern(1_000_000))
        var few = options()
        few.attemptsWithoutProgress = 3
        let uploader = try await makeUploader(folder)
        let limited = few
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: try self.target(server), options: limited)
        }
        #expect(error?.code == .retriesSpent)
        #expect(error?.resumption == .resumable(from: 300_000))
        #expect(try await uploader.pending().map(\.path) == [file.string])
        let notes = Mutex<[UploadProgress.Note?]>([])
        var more = options()
        more.attemptsWithoutProgress = 100
        more.onProgress = { progress in notes.withLock { $0.append(progress.note) } }
        let receipt = try await makeUploader(folder).upload(file, to: target(server), options: more)
        #expect(receipt.resumed)
        #expect(notes.withLock { $0.contains(.resumed) })
        #expect(server.stored == [pattern(1_000_000)])
    }

    @Test func aChangedFileStartsOverAndSaysSo() async throws {
        let server = try FakeTusServer { $0 > 3 && $0 < 10 ? .closeAtOnce : nil }
        let file = try folder.file(pattern(1_000_000))
        var few = options()
        few.attemptsWithoutProgress = 3
        let uploader = try await makeUploader(folder)
        let limited = few
        await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: try self.target(server), options: limited)
        }
        let changed = Array(pattern(800_000).reversed())
        try Data(changed).write(to: URL(filePath: file.string))
        let notes = Mutex<[UploadProgress.Note?]>([])
        var more = options()
        more.onProgress = { progress in notes.withLock { $0.append(progress.note) } }
        let receipt = try await uploader.upload(file, to: target(server), options: more)
        #expect(!receipt.resumed)
        #expect(notes.withLock { $0.contains(.startedOverBecauseFileChanged) })
        #expect(server.stored.contains(changed))
    }

    /// 2026-11-21 12:00 by the test's clock; the server says nothing of its own.
    private static let noon = 1_795_262_400

    @Test(
        "What the server keeps no longer is not asked for",
        arguments: [(["13:00:00"], 3599, true), (["13:00:00"], 3600, false), (["12:30:00", "13:00:00"], 3599, true)])
    func expiry(times: [String], secondsLater: Int, goesOn: Bool) async throws {
        let server = try FakeTusServer(expires: times.map { "Sat, 21 Nov 2026 \($0) GMT" }) {
            $0 > 3 && $0 < 6 ? .closeAtOnce : nil
        }
        let file = try folder.file(pattern(1_000_000))
        var few = options()
        few.attemptsWithoutProgress = 2
        let limited = few
        await #expect(throws: UploadError.self) {
            try await makeUploader(folder, now: Self.noon)
                .upload(file, to: try self.target(server), options: limited)
        }
        let uploader = try await makeUploader(folder, now: Self.noon + secondsLater)
        #expect(try await uploader.pending().map(\.expires) == [Self.noon + 3600])
        let notes = Mutex<[UploadProgress.Note?]>([])
        var more = options()
        more.onProgress = { progress in notes.withLock { $0.append(progress.note) } }
        let receipt = try await uploader.upload(file, to: target(server), options: more)
        #expect(receipt.resumed == goesOn)
        #expect(notes.withLock { $0.contains(goesOn ? .resumed : .startedOverBecauseExpired) })
        // What was left of the other is removed, in case the server's clock is slow.
        #expect(server.stored == [pattern(1_000_000)])
    }

    @Test("An upload that may be complete does not expire")
    func completeDoesNotExpire() {
        var record = UploadRecord(
            key: "k", path: "/f", fingerprint: "f", bytes: 1, target: "http://h/", uploadProtocol: .tus, created: 0)
        #expect(!record.isExpired(now: 10))
        record.expires = 10
        #expect(record.isExpired(now: 10) && !record.isExpired(now: 9))
        record.sentEverything = true
        #expect(!record.isExpired(now: 10))
    }

    @Test func anUploadThatTheServerForgotStartsOver() async throws {
        let server = try FakeTusServer { $0 > 3 && $0 < 10 ? .closeAtOnce : nil }
        let file = try folder.file(pattern(1_000_000))
        var few = options()
        few.attemptsWithoutProgress = 3
        let uploader = try await makeUploader(folder)
        let limited = few
        await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: try self.target(server), options: limited)
        }
        server.forgetEverything()
        _ = try await uploader.upload(file, to: target(server), options: options())
        #expect(server.stored == [pattern(1_000_000)])
    }

    @Test func completeAndForgottenIsUnknownAndNotSentTwice() async throws {
        let server = try FakeTusServer(forgetsComplete: true) { $0 == 5 ? .swallowAnswer : nil }
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(500_000))
        for _ in 0..<2 {
            let error = await #expect(throws: UploadError.self) {
                try await uploader.upload(file, to: try self.target(server), options: options())
            }
            #expect(error?.code == .outcomeUnknown)
        }
        var accepting = options()
        accepting.unconfirmed = .accept
        let receipt = try await uploader.upload(file, to: target(server), options: accepting)
        #expect(receipt.confirmation == .unconfirmed)
        #expect(server.stored == [pattern(500_000)])
        #expect(server.patches == 5)
    }

    @Test func whoDoesNotSayWhetherItJoinedThePiecesIsAskedOnce() async throws {
        let server = try FakeTusServer(losesJoin: true)
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(9_000_000))
        var options = options()
        options.parallelism = 2
        let parallel = options
        for _ in 1...2 {
            let error = await #expect(throws: UploadError.self) {
                try await uploader.upload(file, to: try self.target(server), options: parallel)
            }
            // Told each time, until a person has looked.
            #expect(error?.code == .outcomeUnknown && error?.resumption == UploadError.Resumption.none)
            #expect(server.joins == 1 && server.stored.count == 2)
            #expect(try await uploader.pending().count == 1)
        }
        options.repeatsUnknown = true
        let again = options
        await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: try self.target(server), options: again)
        }
        #expect(server.joins == 2)
    }
}
