// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugSystem
import SnugTestSupport
import SnugUpload
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline

/// The work around uploads: which files a run has, how many at once, in which names, and with which bytes.
@Suite(.serialized) struct UploadWorkTests {
    private let folder: TemporaryFolder
    private let server: FolderServer

    init() throws {
        folder = try TemporaryFolder()
        server = try FolderServer()
    }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    private func request(_ names: [String], to place: String = "/in/") throws -> UploadRequest {
        UploadRequest(
            files: names.map { path($0) },
            destination: UploadDestination(url: try server.server.address(place), uploadProtocol: .put))
    }

    private func run(
        _ request: UploadRequest, onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }
    ) async throws -> UploadReport {
        let uploader = Uploader(client: try makeClient(), store: nil, logger: quietLogger)
        return try await UploadRun(request, uploader: uploader).run(onEvent: onEvent)
    }

    private func fitting(_ limit: Int, format: FitPolicy.OutputFormat = .automatic) -> UploadFitting {
        var policy = FitPolicy()
        policy.format = format
        return UploadFitting(limits: Limits(byteLimit: limit), policy: policy, workFolder: path("work"))
    }

    @Test("Of a folder, entries that are no files are left out, each with its reason; hidden ones are no entries")
    func entries() async throws {
        for name in ["in/a.txt", "in/sub/b.txt", "in/.hidden", "in/sub/.snug-abc"] { try folder.write([1], to: name) }
        try folder.makeLink("in/link", to: "a.txt")
        try folder.makeLink("in/loop", to: "..")
        try folder.makePipe("in/pipe")
        let reasons = Mutex<[String: UploadSkipReason]>([:])
        let report = try await run(try request(["in"])) { event in
            if case .skipped(let file, let reason) = event {
                reasons.withLock { $0[file.lastComponent?.string ?? ""] = reason }
            }
        }
        #expect(Set(server.stored.keys) == ["/in/a.txt", "/in/sub/b.txt"])
        #expect(report.skippedCount == 3 && report.failures.isEmpty)
        #expect(reasons.withLock { $0 } == ["link": .symbolicLink, "loop": .symbolicLink, "pipe": .notARegularFile])
    }

    @Test("Empty files arrive as empty files, and are left out where images are fitted")
    func emptyFiles() async throws {
        try folder.write([], to: "in/empty")
        #expect(try await run(try request(["in"])).receipts.count == 1)
        #expect(server.stored == ["/in/empty": []])
        var fitted = try request(["in"])
        fitted.fitting = fitting(1000)
        #expect(try await run(fitted).skippedCount == 1)
        // Named, it has to be an image.
        fitted.inputs = [UploadInput(path("in/empty"))]
        #expect(try await run(fitted).failures.map(\.error.code) == [.sourceFailed])
    }

    @Test("Files and folders of one command go below one address, and a collision among them is found")
    func mixed() async throws {
        try folder.write([1], to: "one.txt")
        try folder.write([2], to: "in/two.txt")
        #expect(try await run(try request(["one.txt", "in"])).receipts.count == 2)
        #expect(Set(server.stored.keys) == ["/in/one.txt", "/in/two.txt"])
        try folder.write([3], to: "in/one.txt")
        let error = await #expect(throws: UploadError.self) { try await run(try request(["one.txt", "in"])) }
        #expect(error?.code == .nameCollision)
    }

    @Test("Named files that are fitted get numbered names, and each its own bytes")
    func numbered() async throws {
        for (number, side) in [(1, 16), (2, 24)] {
            try folder.write(JPEGBuilder(width: side, height: side).bytes, to: "\(number)/IMG.jpg")
        }
        var request = try request(["1/IMG.jpg", "2/IMG.jpg"])
        request.fitting = fitting(50_000)
        request.collisions = .number
        let report = try await run(request)
        #expect(report.receipts.count == 2 && Set(report.receipts.values.map(\.url)).count == 2)
        #expect(Set(server.stored.values.map(\.count)).count == 2 && server.stored.count == 2)
    }

    @Test("Images of one stem that become one format go to addresses of their own, with the new extension")
    func convertedNames() async throws {
        try folder.write(JPEGBuilder().bytes, to: "in/a.jpg")
        try folder.write(PNGBuilder().bytes, to: "in/a.png")
        try folder.write(PNGBuilder().bytes, to: "in/b.PNG")
        var request = try request(["in"])
        request.fitting = fitting(50_000, format: .jpeg)
        #expect(try await run(request).receipts.count == 3)
        #expect(Set(server.stored.keys) == ["/in/a.jpg", "/in/a.png.jpg", "/in/b.jpg"])
        for bytes in server.stored.values { #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF])) }
    }

    @Test("Progress never goes back, and ends at the size of the file")
    func progress() async throws {
        let bytes = pattern(3_000_000)
        try folder.write(bytes, to: "a.bin")
        let seen = Mutex<[UploadProgress]>([])
        _ = try await run(try request(["a.bin"])) { event in
            if case .progressed(_, let progress) = event { seen.withLock { $0.append(progress) } }
        }
        let steps = seen.withLock { $0 }
        #expect(!steps.isEmpty && steps.allSatisfy { $0.bytesTotal == 3_000_000 && $0.bytesSent <= 3_000_000 })
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.bytesSent <= $1.bytesSent })
        #expect(steps.last?.bytesSent == 3_000_000 && server.stored["/in/a.bin"] == bytes)
    }

    @Test(
        "Content is known by what it is, not by its times: a touched file is not sent again, an equal one elsewhere is")
    func knownByContent() async throws {
        let store = InMemoryUploadStore()
        try folder.write([1, 2, 3], to: "in/a")
        var request = try request(["in"])
        request.finished = store
        #expect(try await run(request).receipts.count == 1)
        try FileSystem.remove(path("in/a"))
        try folder.write([1, 2, 3], to: "in/a")
        #expect(try await run(request).skippedCount == 1)
        try folder.write([1, 2, 3], to: "in/b")
        let second = try await run(request)
        #expect(second.skippedCount == 1 && second.receipts.keys.map { $0 } == [path("in/b")])
    }

    @Test("A store that cannot be asked fails its files, and sends none of them")
    func brokenStore() async throws {
        struct Broken: FinishedUploadStore {
            func receipt(of key: String) async throws -> UploadReceipt? { throw UploadError(.stateFailed, "gone") }
            func finish(_ key: String, with receipt: UploadReceipt) async throws {}
        }
        try folder.write([1], to: "in/a")
        var request = try request(["in"])
        request.finished = Broken()
        #expect(try await run(request).failures.map(\.error.code) == [.stateFailed])
        #expect(server.stored.isEmpty)
    }

    @Test("A work folder that cannot be made fails the image, and says which option names another")
    func noWorkFolder() async throws {
        try folder.write([1], to: "work")
        var jpeg = JPEGBuilder(width: 16, height: 16)
        jpeg.segments = [JPEGBuilder.segment(0xFE, pattern(5000))]
        try folder.write(jpeg.bytes, to: "in/a.jpg")
        var request = try request(["in"])
        request.fitting = fitting(2000)
        let report = try await run(request)
        #expect(report.receipts.isEmpty && report.failures.count == 1 && server.stored.isEmpty)
    }

    // MARK: Addresses

    /// The bytes that a percent-encoded path stands for (RFC 3986 §2.1).
    private static func decoded(_ path: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    @Test("An address says its name byte for byte, in characters that every server takes", arguments: 0..<10)
    func anyNames(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            Array("a".utf8), Array("-2".utf8), Array(".jpg".utf8), [0xFF], Array("ü".utf8), Array("%41".utf8),
            Array("?#&+ ".utf8), [0x0A], Array("d/".utf8), Array("\u{202E}".utf8),
        ]
        let inputs = (0..<40).map { number in
            var name = Array("\(number)x".utf8)
            for _ in 0..<Int.random(in: 0..<6, using: &random) { name += pieces.randomElement(using: &random) ?? [] }
            return UploadInput(FilePath("/\(number)"), name: FilePath(bytes: name + Array("y".utf8)))
        }
        let base = "https://h.test/in/"
        let plan = try UploadPlan.addresses(of: inputs, below: try HTTPURL(base), .put)
        #expect(Set(plan.map(\.url.text)).count == inputs.count && plan.map(\.input) == inputs)
        for entry in plan {
            let path = entry.url.text.dropFirst(base.count)
            #expect(path.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
            #expect(Self.decoded(path) == entry.input.name.bytes)
        }
    }

    @Test(
        "A file's own name is what a server is told, unless another is given",
        arguments: [
            ("d/a.jpg", nil, "a.jpg"), ("a", nil, "a"), ("-", nil, "stdin"), ("/", nil, ""), ("d/", nil, "d"),
            ("d/a.jpg", "x/b.png", "x/b.png"),
        ] as [(FilePath, FilePath?, FilePath)])
    func inputNames(file: FilePath, name: FilePath?, expected: FilePath) {
        #expect(UploadInput(file, name: name).name == expected)
    }
}
