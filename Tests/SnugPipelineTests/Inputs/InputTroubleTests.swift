// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Inputs that are named in odd ways, streams that misbehave, and the folder that paths start from.
@Suite struct InputTroubleTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    @Test(
        "The place of an output follows from the way in which its input was named",
        arguments: [
            (["in"], ["a.jpg", "sub/b.jpg"]), (["in/"], ["a.jpg", "sub/b.jpg"]),
            (["in/."], ["a.jpg", "sub/b.jpg"]), (["in/sub/.."], ["a.jpg", "sub/b.jpg"]),
            (["in/a.jpg"], ["a.jpg"]), (["in/sub/b.jpg"], ["b.jpg"]), (["in/sub", "in/a.jpg"], ["b.jpg", "a.jpg"]),
            (["in/sub", "two"], ["sub/b.jpg", "two/c.jpg"]), (["in/a.jpg", "in/a.jpg"], ["a.jpg"]),
            (["in/a.jpg", "two/c.jpg"], ["a.jpg", "c.jpg"]),
        ])
    func places(arguments: [String], expected: [String]) throws {
        for name in ["in/a.jpg", "in/sub/b.jpg", "two/c.jpg"] { try folder.write([1], to: name) }
        // Written as they are, dots and slashes included.
        let inputs = arguments.map { FilePath(folder.path.string + "/" + $0) }
        let result = try InputWalk().files(for: inputs)
        #expect(result.files.map(\.relative.string) == expected)
        #expect(result.failures.isEmpty && result.notices.isEmpty)
    }

    @Test("A named link is followed, one to nowhere is a failure, and a named pipe is opened when it is fitted")
    func namedLinks() throws {
        try folder.write([1, 2, 3], to: "in/a.jpg")
        try folder.makeLink("link.jpg", to: "in/a.jpg")
        try folder.makeLink("gone.jpg", to: "nowhere")
        try folder.makeLink("folder", to: "in")
        let result = try InputWalk().files(for: [path("link.jpg"), path("gone.jpg"), path("folder")])
        #expect(result.files.map(\.relative.string) == ["link.jpg", "a.jpg"])
        #expect(result.files.map(\.byteCount) == [3, 3] && result.files.map(\.isNamed) == [true, false])
        #expect(result.failures.map(\.error.code) == [.notFound])
    }

    @Test("A dash is a name unless a stream is read, and the stream comes once")
    func dashes() throws {
        let missing = try InputWalk().files(for: ["-"])
        #expect(missing.files.isEmpty && missing.failures.map(\.path) == ["-"])
        let read = try InputWalk(readsStream: true).files(for: ["-", "-", "./-"])
        #expect(read.files == [.stream] && read.failures.map(\.path) == ["./-"])
    }

    @Test("An entry that vanishes while its folder is walked is a failure or none, never an end of the walk")
    func vanishing() throws {
        for number in 0..<20 { try folder.write([1], to: "\(number)/a.jpg") }
        let place = folder.path
        var asked = 0
        let result = try InputWalk().files(for: [place]) {
            asked += 1
            // At every folder, the next one goes.
            try? FileSystem.remove(place.appending("\(asked)").appending("a.jpg"))
            return false
        }
        #expect(asked == 21 && result.files.count < 20)
        #expect(result.files.count + result.failures.count <= 20)
    }

    @Test("Two links to one folder are one folder, so that no file comes twice")
    func twoLinks() throws {
        try folder.write([1], to: "real/a.jpg")
        try folder.makeLink("x1", to: "real")
        try folder.makeLink("x2", to: "real")
        let result = try InputWalk(followsLinks: true).files(for: [folder.path])
        #expect(result.files.count == 1)
    }

    // MARK: Streams

    @Test("A stream of nothing is an empty image, and one that cannot be read is an error of the system")
    func streams() throws {
        let (reading, writing) = try FileDescriptor.pipe()
        try writing.close()
        #expect(try StreamInput.readAll(from: reading, maximumBytes: 10, isCancelled: { false }).isEmpty)
        try reading.close()
        let closed = try FileDescriptor.open(try folder.write([1], to: "a"), .writeOnly)
        defer { closed.closeIgnoringErrors() }
        let error = #expect(throws: ImageError.self) {
            try StreamInput.readAll(from: closed, maximumBytes: 10, isCancelled: { false })
        }
        #expect(error?.code == .ioFailed && error?.message.contains("read standard input") == true)
    }

    @Test("A stream that is too long says how long it may be, and how to do without it")
    func longStream() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try DetachedThread.start {
            try? writing.writeBytes([UInt8](repeating: 1, count: 40_000))
            writing.closeIgnoringErrors()
        }
        let error = try await onThread { () -> ImageError? in
            do {
                _ = try StreamInput.readAll(from: reading, maximumBytes: 20_000, isCancelled: { false })
                return nil
            } catch { return error as? ImageError }
        }
        #expect(error?.code == .limitExceeded && error?.details["limit_bytes"] == .integer(20_000))
        #expect(error?.message.contains("20.0 kB") == true && error?.message.hasSuffix("give a smaller file") == true)
    }

    @Test("Of a stream and files, each comes out, and the stream's image is named for it")
    func streamAmongFiles() async throws {
        let runs = try RunFolder()
        try runs.folder.write([1], to: "a.jpg")
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try writing.writeBytes([1, 2])
        try writing.close()
        var request = FitRequest(inputs: ["-", runs.path("a.jpg")], destination: .folder(runs.path("out")))
        request.standardInput = reading
        let report = try await FitRun(request, publisher: OutputPublisher()) { source, _, _ in
            .fake(.bytes([UInt8(source.byteCount)]), byteCount: 1)
        }.run()
        #expect(report.count(.fitted) == 2 && runs.outputs() == ["a.jpg", "stdin.jpg"])
        #expect(try runs.folder.bytes(of: "out/stdin.jpg") == [2])
    }
}
