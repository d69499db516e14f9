// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@Suite("Folders that are uploaded") struct FolderUploadTests {
    private let folder: TemporaryFolder
    private let server: FolderServer
    private let store = InMemoryUploadStore()

    init() throws {
        folder = try TemporaryFolder()
        server = try FolderServer()
    }

    /// The steps of a run, in words.
    private final class Steps: Sendable {
        private let kept = Mutex<[String]>([])
        var all: [String] { kept.withLock { $0.sorted() } }

        func add(_ event: UploadEvent) {
            let text: String? =
                switch event {
                case .fitted(let file, let record): "\(Self.name(file)) \(record.status)"
                case .uploaded(let file, _, _): "\(Self.name(file)) uploaded"
                case .skipped(let file, .alreadyUploaded): "\(Self.name(file)) known"
                case .skipped(let file, let reason): "\(Self.name(file)) \(reason)"
                case .failed(let file, let error): "\(Self.name(file)) \(error.code)"
                case .progressed, .interrupted: nil
                }
            if let text { kept.withLock { $0.append(text) } }
        }

        private static func name(_ file: FilePath) -> String { file.lastComponent?.string ?? "" }
    }

    private func request(_ names: [String] = ["photos"], to path: String = "/in/") throws -> UploadRequest {
        var request = UploadRequest(
            files: names.map { folder.path.appending($0) },
            destination: UploadDestination(url: try server.server.address(path), uploadProtocol: .put))
        request.finished = store
        return request
    }

    private func fitting(_ limit: Int) -> UploadFitting {
        UploadFitting(limits: Limits(byteLimit: limit), workFolder: folder.path.appending("work"))
    }

    private func run(_ request: UploadRequest) async throws -> (report: UploadReport, steps: [String]) {
        let steps = Steps()
        let uploader = Uploader(client: try makeClient(), store: store, logger: quietLogger)
        let report = try await UploadRun(request, uploader: uploader).run { steps.add($0) }
        return (report, steps.all)
    }

    /// A JPEG whose comments make it larger by so many bytes.
    private func jpeg(padding: Int = 0) -> [UInt8] {
        var builder = JPEGBuilder(width: 16, height: 16)
        builder.segments = stride(from: 0, to: padding, by: 60_000).map {
            JPEGBuilder.segment(0xFE, [UInt8](repeating: 0x61, count: min(60_000, padding - $0)))
        }
        return builder.bytes
    }

    @Test("A folder is mirrored below the address, whatever its names are")
    func mirrored() async throws {
        try folder.write([1], to: "photos/a.txt")
        try folder.write([2, 2], to: "photos/über/b c.txt")
        try folder.write([3], toName: Array("photos/x".utf8) + [0xFF])
        try folder.write([4], to: "photos/.hidden")
        let (report, _) = try await run(try request())
        #expect(report.receipts.count == 3 && report.failures.isEmpty)
        #expect(
            server.stored == ["/in/a.txt": [1], "/in/%C3%BCber/b%20c.txt": [2, 2], "/in/x%FF": [3]])
    }

    @Test("Several folders keep their names, and subfolders are left out on request")
    func several() async throws {
        for name in ["one/a", "two/a", "two/deep/b"] { try folder.write(Array(name.utf8), to: name) }
        var request = try request(["one", "two"])
        request.isRecursive = false
        _ = try await run(request)
        #expect(server.stored.keys.sorted() == ["/in/one/a", "/in/two/a"])
        request.isRecursive = true
        #expect(try await run(request).report.skippedCount == 2)
        #expect(server.stored.keys.sorted() == ["/in/one/a", "/in/two/a", "/in/two/deep/b"])
    }

    @Test("The same run again sends what is missing or changed, and all of it on request")
    func again() async throws {
        for name in ["a", "b", "c"] { try folder.write(Array(name.utf8), to: "photos/\(name)") }
        server.refuse(["/in/b"])
        let first = try await run(try request())
        #expect(first.report.failures.count == 1 && first.report.receipts.count == 2)
        server.refuse([])
        _ = server.takePuts()
        let second = try await run(try request())
        #expect(second.steps == ["a known", "b uploaded", "c known"] && second.report.skippedCount == 2)
        #expect(server.takePuts() == ["/in/b"])
        try folder.write([9], to: "photos/c")
        #expect(try await run(try request()).steps == ["a known", "b known", "c uploaded"])
        #expect(try await run(try request(to: "/elsewhere/")).report.receipts.count == 3)
        _ = server.takePuts()
        var everything = try request()
        everything.resends = true
        #expect(try await run(everything).report.receipts.count == 3)
        #expect(server.takePuts() == ["/in/a", "/in/b", "/in/c"])
    }

    @Test("Of named files, one alone included, only what is new is sent", arguments: [true, false])
    func named(checksums: Bool) async throws {
        for name in ["a", "b"] { try folder.write(Array(name.utf8), to: name) }
        func request(_ names: [String], to path: String = "/in/") throws -> UploadRequest {
            var request = try self.request(names, to: path)
            request.options.checksums = checksums
            return request
        }
        #expect(try await run(try request(["a"])).steps == ["a uploaded"])
        #expect(try await run(try request(["a"])).steps == ["a known"])
        var list = try request(["a", "b"])
        #expect(try await run(list).steps == ["a known", "b uploaded"])
        try folder.write([9], to: "b")
        #expect(try await run(list).steps == ["a known", "b uploaded"])
        #expect(try await run(try request(["b"])).steps == ["b known"])
        list.resends = true
        #expect(try await run(list).steps == ["a uploaded", "b uploaded"])
        #expect(try await run(try request(["a"], to: "/elsewhere/")).steps == ["a uploaded"])
        #expect(server.stored == ["/in/a": Array("a".utf8), "/in/b": [9], "/elsewhere/a": Array("a".utf8)])
    }

    @Test("A file whose place at the server another one took since is sent again")
    func replaced() async throws {
        for name in ["a", "b"] { try folder.write(Array(name.utf8), to: name) }
        for name in ["a", "b", "a"] {
            let run = try await run(try request([name], to: "/in/latest"))
            #expect(run.steps == ["\(name) uploaded"] && server.stored == ["/in/latest": Array(name.utf8)])
        }
        #expect(try await run(try request(["a"], to: "/in/latest")).steps == ["a known"])
    }

    @Test("Two files with one name at the server are an error before the first byte")
    func collision() async throws {
        try folder.write([1], to: "one/x.jpg")
        try folder.write([2], to: "two/x.jpg")
        for isFitted in [false, true] {
            var request = try request(["one/x.jpg", "two/x.jpg"])
            if isFitted { request.fitting = fitting(1000) }
            let error = await #expect(throws: UploadError.self) { _ = try await run(request) }
            #expect(error?.code == .nameCollision && error?.message.contains("would both be uploaded") == true)
            #expect(error?.message.contains("ends in '/'") == false, "it does already")
        }
        // An address of one file: the second would replace the first.
        let error = await #expect(throws: UploadError.self) {
            _ = try await run(try request(["one/x.jpg", "two/x.jpg"], to: "/in/x"))
        }
        #expect(error?.message.contains("ends in '/'") == true)
        await #expect(throws: UploadError.self) { _ = try await run(try request(["one"], to: "/in/x")) }
        #expect(server.server.requests.isEmpty)
    }

    @Test("Images are fitted on the way, complying ones are sent as they are, other files are left out")
    func fitted() async throws {
        let whole = jpeg()
        try folder.write(whole, to: "photos/small.jpg")
        try folder.write(jpeg(padding: 100_000), to: "photos/deep/large.jpg")
        try folder.write(Array("no image".utf8), to: "photos/notes.txt")
        try folder.write(Array(whole.prefix(whole.count / 2)), to: "photos/broken.jpg")
        var request = try request()
        request.fitting = fitting(50_000)
        let (report, steps) = try await run(request)
        #expect(
            steps == [
                "broken.jpg source_failed", "large.jpg stripped", "large.jpg uploaded", "notes.txt notAnImage",
                "small.jpg copied", "small.jpg uploaded",
            ])
        #expect((report.failures.first?.error.cause as? ImageError) != nil)
        #expect(server.stored["/in/small.jpg"] == whole)
        #expect(try #require(server.stored["/in/deep/large.jpg"]).count <= 50_000)
        #expect(server.stored.count == 2)
        // What was sent is not kept.
        #expect(folder.files().filter { $0.hasPrefix("work/") } == [])
        // The same options know it, others do not.
        #expect(try await run(request).report.receipts.isEmpty)
        request.fitting = fitting(40_000)
        #expect(try await run(request).report.receipts.count == 2)
        request.fitting = nil
        #expect(try await run(request).report.receipts.count == 4)
    }

    @Test("An image that was fitted and not sent is sent later with the same bytes, and not fitted again")
    func resumed() async throws {
        try folder.write(jpeg(padding: 100_000), to: "photos/large.jpg")
        var request = try request()
        request.fitting = fitting(50_000)
        server.refuse(["/in/large.jpg"])
        #expect(try await run(request).steps.contains("large.jpg stripped"))
        let kept = folder.files().filter { $0.hasPrefix("work/") }
        let bytes = try folder.bytes(of: try #require(kept.first))
        #expect(kept.count == 1)
        server.refuse([])
        #expect(try await run(request).steps == ["large.jpg uploaded"])
        #expect(server.stored["/in/large.jpg"] == bytes)
        #expect(folder.files().filter { $0.hasPrefix("work/") } == [])
    }

    @Test("A fitted image that nobody came back for in a month is removed, a younger one stays")
    func cleanedUp() async throws {
        for name in ["old.jpg", "young.jpg", ".snug-half"] { try folder.write([1], to: "work/\(name)") }
        let shell = try ChildProcess(
            [
                "/usr/bin/touch", "-d", "40 days ago", folder.path.appending("work/old.jpg").string,
                folder.path.appending("work/.snug-half").string,
            ])
        #expect(try await onThread { shell.wait() } == 0)
        try folder.write(jpeg(), to: "photos/a.jpg")
        var request = try request()
        request.fitting = fitting(50_000)
        _ = try await run(request)
        #expect(folder.files().filter { $0.hasPrefix("work/") } == ["work/young.jpg"])
    }

    @Test("Files of one name and one content are told apart: each is sent, and sent once", arguments: [false, true])
    func equalTwins(areFitted: Bool) async throws {
        let image = JPEGBuilder(width: 8, height: 8).bytes
        for number in 1...3 { try folder.write(image, to: "d\(number)/IMG.jpg") }
        var request = try request(["d1/IMG.jpg", "d2/IMG.jpg", "d2/IMG.jpg", "d3/IMG.jpg"])
        request.collisions = .number
        if areFitted { request.fitting = fitting(100_000) }
        let first = try await run(request)
        #expect(first.report.receipts.count == 3 && first.report.skippedCount == 0, "\(first.steps)")
        let names = areFitted ? ["IMG.jpg", "IMG.jpg-2.jpg", "IMG.jpg.jpg"] : ["IMG-2.jpg", "IMG-3.jpg", "IMG.jpg"]
        #expect(server.takePuts() == names.map { "/in/\($0)" })
        #expect(try await run(request).report.skippedCount == 3)
        #expect(server.takePuts().isEmpty)
    }
}
