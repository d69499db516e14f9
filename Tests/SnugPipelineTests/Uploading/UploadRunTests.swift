// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@Suite struct UploadRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Stores PUTs, and refuses those whose path has a word in it.
    private func server(refusing word: String = "refused") throws -> FaultServer {
        let stored = Mutex<[String: Int]>([:])
        return try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.method == "PUT" {
                    let isRefused = request.target.contains(word)
                    if !isRefused { stored.withLock { $0[request.target] = request.body.count } }
                    try connection.respond(isRefused ? 403 : 201)
                } else {
                    let count = stored.withLock { $0[request.target] }
                    try connection.respond(count == nil ? 404 : 200, ["Content-Length": "\(count ?? 0)"])
                }
            }
        }
    }

    private func request(_ files: [FilePath], _ server: FaultServer) throws -> UploadRequest {
        UploadRequest(
            files: files, destination: UploadDestination(url: try server.address("/in/"), uploadProtocol: .put))
    }

    private func uploader() throws -> Uploader { Uploader(client: try makeClient(), store: nil, logger: quietLogger) }

    @Test("Files go below the address under their names, each with the media type of its content")
    func uploads() async throws {
        let server = try server()
        let image = try folder.write([0xFF, 0xD8, 0xFF, 1], to: "picture of a cat")
        let text = try folder.write(Array("hello".utf8), to: "text.jpg")
        let report = try await UploadRun(try request([image, text], server), uploader: try uploader()).run()
        #expect(report.receipts.count == 2 && report.failures.isEmpty)
        #expect(report.receipts[image]?.bytes == 4)
        let types = server.requests.filter { $0.method == "PUT" }
            .reduce(into: [:]) { $0[$1.target] = $1.headers["content-type"] }
        #expect(types == ["/in/picture%20of%20a%20cat": "image/jpeg", "/in/text.jpg": "text/plain"])
    }

    @Test("A plain upload is remembered under the same key as ever")
    func rememberedKey() async throws {
        let server = try server()
        let file = try folder.write([1, 2, 3], to: "a")
        let store = InMemoryUploadStore()
        var request = try request([file], server)
        request.finished = store
        _ = try await UploadRun(request, uploader: try uploader()).run()
        let digest = MessageDigest.sha256([1, 2, 3]).hexadecimal
        let text = "\(digest)\n\(server.url("/in/"))\nput\n\na"
        let key = String(MessageDigest.sha256(Array(text.utf8)).hexadecimal.prefix(40))
        #expect(store.receipt(of: key) != nil)
    }

    /// A store that another run finishes its work in, right after it was asked for the first time.
    private final class BusyStore: FinishedUploadStore {
        let store = InMemoryUploadStore()
        let first = Mutex(true)
        let other: @Sendable (InMemoryUploadStore) async throws -> Void
        init(_ other: @escaping @Sendable (InMemoryUploadStore) async throws -> Void) { self.other = other }
        func receipt(of key: String) async throws -> UploadReceipt? {
            let known = store.receipt(of: key)
            let isFirst = first.withLock { first in
                defer { first = false }
                return first
            }
            if isFirst { try await other(store) }
            return known
        }
        func finish(_ key: String, with receipt: UploadReceipt) { store.finish(key, with: receipt) }
    }

    @Test("What an equal run has sent since this one asked is not sent again", arguments: [true, false])
    func equalRuns(checksums: Bool) async throws {
        let server = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(201)
            }
        }
        let file = try folder.write([1, 2, 3], to: "a")
        var request = UploadRequest(
            files: [file], destination: UploadDestination(url: try server.address("/form"), uploadProtocol: .form))
        request.options.checksums = checksums
        let (same, uploader) = (request, try uploader())
        request.finished = BusyStore { store in
            var other = same
            other.finished = store
            _ = try await UploadRun(other, uploader: uploader).run()
        }
        let report = try await UploadRun(request, uploader: uploader).run()
        #expect(report.receipts.isEmpty && report.failures.isEmpty && report.skippedCount == 1)
        #expect(server.requests.filter { $0.method == "POST" }.count == 1)
    }

    @Test("One failure stops no other, and every end is an event")
    func failures() async throws {
        let server = try server()
        let files = try ["a", "refused", "b", "missing"].map { name in
            name == "missing" ? folder.path.appending(name) : try folder.write([1, 2], to: name)
        }
        let ends = Mutex<Set<String>>([])
        var request = try request(files, server)
        request.maximumConcurrency = 1
        let report = try await UploadRun(request, uploader: try uploader()).run { event in
            ends.withLock { ends in
                switch event {
                case .uploaded(let file, _, nil): ends.insert("\(file.lastComponent?.string ?? "") uploaded")
                case .failed(let file, _): ends.insert("\(file.lastComponent?.string ?? "") failed")
                default: break
                }
            }
        }
        #expect(ends.withLock { $0 } == ["a uploaded", "b uploaded", "refused failed", "missing failed"])
        #expect(Set(report.failures.map { $0.file.lastComponent?.string }) == ["refused", "missing"])
        #expect(Set(report.receipts.keys) == [files[0], files[2]])
    }

    @Test("Nothing is sent when two files would get one address")
    func collision() async throws {
        let server = try server()
        let files = try ["1", "2"].map { try folder.write([1], to: "\($0)/IMG.jpg") }
        var request = try request(files, server)
        let run = UploadRun(request, uploader: try uploader())
        let error = await #expect(throws: UploadError.self) { try await run.run() }
        #expect(error?.code == .nameCollision && server.requests.isEmpty)
        request.collisions = .number
        let report = try await UploadRun(request, uploader: try uploader()).run()
        #expect(report.receipts.count == 2)
        #expect(Set(server.requests.map(\.target)) == ["/in/IMG.jpg", "/in/IMG-2.jpg"])
    }

    @Test("A name as long as file systems allow leaves a receipt, and an unusable folder for receipts fails no upload")
    func longName() async throws {
        let server = try server()
        let name = String(repeating: "ä", count: 120) + ".jpg"
        var request = try request([try folder.write([1, 2], to: name)], server)
        request.receiptFolder = folder.path.appending("receipts")
        let places = Mutex<[FilePath?]>([])
        for isUsable in [true, false] {
            if !isUsable { request.receiptFolder = try folder.write([1], to: "file") }
            let report = try await UploadRun(request, uploader: try uploader()).run { event in
                if case .uploaded(_, _, let place) = event { places.withLock { $0.append(place) } }
            }
            #expect(report.receipts.count == 1 && report.failures.isEmpty)
        }
        #expect(places.withLock { $0.map { $0 != nil } } == [true, false])
    }

    @Test("Receipts are kept, one a run")
    func receipts() async throws {
        let server = try server()
        var request = try request([try folder.write([1, 2], to: "a.bin")], server)
        request.receiptFolder = folder.path.appending("receipts")
        let places = Mutex<[FilePath]>([])
        for _ in 0..<2 {
            _ = try await UploadRun(request, uploader: try uploader()).run { event in
                if case .uploaded(_, _, let place?) = event { places.withLock { $0.append(place) } }
            }
        }
        let kept = places.withLock { $0 }
        #expect(Set(kept).count == 2)
        for place in kept { #expect(try UploadReceipt(reading: place).bytes == 2) }
    }

    @Test("A stream is uploaded through a file that is gone afterwards")
    func stream() async throws {
        let server = try server()
        let (reading, writing) = try FileDescriptor.pipe()
        try writing.writeBytes([1, 2, 3])
        try writing.close()
        defer { reading.closeIgnoringErrors() }
        var request = try request(["-"], server)
        request.standardInput = reading
        request.spoolFolder = folder.path.appending("spool")
        let report = try await UploadRun(request, uploader: try uploader()).run()
        #expect(report.receipts["-"]?.bytes == 3)
        #expect(folder.files().isEmpty)
    }

    @Test("A cancelled run ends while its stream is silent, and leaves no file")
    func cancels() async throws {
        let server = try server()
        let (reading, writing) = try FileDescriptor.pipe()
        defer { for end in [reading, writing] { end.closeIgnoringErrors() } }
        var request = try request(["-"], server)
        request.standardInput = reading
        request.spoolFolder = folder.path.appending("spool")
        // Another that waits for its turn, which has its end too.
        request.inputs.append(UploadInput("/nowhere/a.jpg"))
        request.maximumConcurrency = 1
        let run = UploadRun(request, uploader: try uploader())
        let interrupted = Mutex<Set<FilePath>>([])
        let task = Task {
            try await run.run {
                if case .interrupted(let file, nil) = $0 { interrupted.withLock { _ = $0.insert(file) } }
            }
        }
        while folder.files().isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(folder.files().isEmpty)
        #expect(interrupted.withLock { $0 } == ["-", "/nowhere/a.jpg"])
    }

    @Test("The protocol is the server's choice where none is named")
    func detects() async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                switch request.method {
                case "OPTIONS": try connection.respond(204)
                case "PUT": try connection.respond(201)
                default: try connection.respond(200, ["Content-Length": "1"])
                }
            }
        }
        var request = try request([try folder.write([1], to: "a")], server)
        request.destination.url = try server.address("/in/a")
        request.destination.uploadProtocol = nil
        request.destination.headers[.authorization] = "Bearer x"
        let report = try await UploadRun(request, uploader: try uploader()).run()
        #expect(report.failures.isEmpty)
        #expect(server.requests.map(\.method).prefix(2) == ["OPTIONS", "PUT"])
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer x" })
    }
}
