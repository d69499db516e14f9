// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// A request that must not be repeated is recorded before its first byte, and told as unknown afterwards.
@Suite struct UnrepeatableTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func form(_ server: FaultServer) throws -> UploadTarget {
        UploadTarget(try HTTPURL(server.url("/f")), .form)
    }

    @Test("The record is there before the server has the form, and gone afterwards")
    func recordedBefore() async throws {
        let store = InMemoryUploadStore()
        let seen = Mutex<[Bool]>([])
        let server = try FaultServer { connection in
            _ = try connection.readHead()
            let records = store.records().map(\.lacksResponse)
            seen.withLock { $0 = records }
            _ = try connection.read(3000)
            try connection.respond(200, ["Connection": "close"])
        }
        let uploader = Uploader(client: try makeClient(), store: store, logger: quietLogger)
        _ = try await uploader.upload(try folder.file(pattern(3000)), to: form(server))
        #expect(seen.withLock { $0 } == [true])
        #expect(try await uploader.pending().isEmpty)
    }

    @Test("After an unknown outcome the form is sent again only on demand, or with another content")
    func onDemand() async throws {
        let server = try FaultServer { connection in
            while true {
                let isFirst = try connection.readRequest().body.count < 4000 && connection.number == 1
                if isFirst { return }
                try connection.respond(200)
            }
        }
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(3000))
        for _ in 0..<2 {
            let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: form(server)) }
            #expect(error?.code == .outcomeUnknown)
        }
        #expect(server.requests.count == 1)
        #expect(try await uploader.pending().map(\.lacksResponse) == [true])
        var options = UploadOptions()
        options.repeatsUnknown = true
        _ = try await uploader.upload(file, to: form(server), options: options)
        #expect(server.requests.count == 2)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test("A file with another length is another upload")
    func changedFile() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            if connection.number > 1 { try connection.respond(200) }
        }
        let uploader = try await makeUploader(folder)
        _ = await #expect(throws: UploadError.self) {
            try await uploader.upload(try folder.file(pattern(3000)), to: form(server))
        }
        _ = try await uploader.upload(try folder.file(pattern(3001)), to: form(server))
        #expect(server.requests.count == 2)
    }

    @Test("A cancelled form is unknown once all of it has left, and nothing before")
    func cancelled() async throws {
        for hasLeft in [true, false] {
            let folder = try ScratchFolder()
            let server = try FaultServer(receiveBuffer: 4096) { connection in
                if hasLeft { _ = try connection.readRequest() } else { _ = try connection.readHead() }
                connection.ignoreEverything(seconds: 60)
            }
            var options = UploadOptions()
            options.discardsWhenCancelled = false
            let bytes = hasLeft ? 3000 : 60 << 20
            await uploadAndCancel(
                try await makeUploader(folder), try folder.file(pattern(bytes)), to: try form(server), options: options,
                after: hasLeft ? bytes : 1)
            #expect(try await makeUploader(folder).pending().map(\.lacksResponse) == (hasLeft ? [true] : []))
        }
    }

    @Test("A 408 after the whole form is unknown, and repeated when the form was not read", arguments: [true, false])
    func timeout(isWhole: Bool) async throws {
        let server = try FaultServer { connection in
            if isWhole { _ = try connection.readRequest() } else { _ = try connection.readHead() }
            try connection.respond(408, ["Connection": "close"])
        }
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        var options = UploadOptions()
        options.attemptsWithoutProgress = 2
        let limited = options
        let file = try folder.file(pattern(isWhole ? 3000 : 2 << 20))
        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: form(server), options: limited)
        }
        #expect(error?.code == (isWhole ? .outcomeUnknown : .retriesSpent), "\(String(describing: error))")
        #expect(server.connectionCount == (isWhole ? 1 : 2))
    }

    @Test("No space is final, and a lock is waited for", arguments: [UploadProtocol.put, .form])
    func locksAndSpace(uploadProtocol: UploadProtocol) async throws {
        let statuses = Mutex([423, 423, 201, 507, 201])
        let server = try FaultServer { connection in
            while true {
                let isHead = try connection.readRequest().method == "HEAD"
                try connection.respond(isHead ? 405 : statuses.withLock { $0.removeFirst() })
            }
        }
        let uploader = try await makeUploader(folder)
        let target = UploadTarget(try HTTPURL(server.url("/f")), uploadProtocol)
        let file = try folder.file(pattern(3000))
        #expect(try await uploader.upload(file, to: target).retries == 2)
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .refused && error?.status == 507)
        #expect(statuses.withLock { $0 } == [201])
    }

    @Test("The creation of a tus upload with the whole file is recorded too")
    func tusCreation() async throws {
        let server = try FaultServer { connection in
            while true {
                let isCreation = try connection.readRequest().method == "POST"
                if isCreation { return }
                try connection.respond(
                    204, ["Tus-Version": "1.0.0", "Tus-Extension": "creation,creation-with-upload"])
            }
        }
        var options = UploadOptions()
        options.createsWithFirstChunk = true
        let eager = options
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(3000))
        for _ in 0..<2 {
            let error = await #expect(throws: UploadError.self) {
                try await uploader.upload(file, to: UploadTarget(try HTTPURL(server.url("/f")), .tus), options: eager)
            }
            #expect(error?.code == .outcomeUnknown)
        }
        #expect(server.requests.filter { $0.method == "POST" }.count == 1)
    }
}
