// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugImage
@testable import SnugPipeline

/// What goes into an output, and the file that an output in place replaces.
@Suite struct PublishedContentTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func image(_ content: FittedImage.Content, byteCount: Int) -> FittedImage {
        FittedImage(
            status: .copied, content: content, byteCount: byteCount, format: .jpeg, width: 1, height: 1, quality: nil,
            scale: 1, encodes: 0, warnings: [], header: ImageHeader(format: .jpeg, width: 1, height: 1))
    }

    private func chunks(_ content: PublishedContent) throws -> [[UInt8]] {
        var chunks: [[UInt8]] = []
        try content.forEachChunk { chunks.append(Array($0)) }
        try content.verify()
        return chunks
    }

    @Test("A source goes out whole in pieces of a mebibyte", arguments: [1, 1 << 20, (1 << 20) + 1, 5_000_000])
    func source(count: Int) throws {
        let bytes = pattern(count)
        let path = try folder.write(bytes, to: "a")
        let source = try ImageSource(file: path)
        let found = try chunks(PublishedContent(image(.source, byteCount: count), source: source))
        #expect(found.flatMap { $0 } == bytes && found.count == (count + (1 << 20) - 1) >> 20)
        #expect(found.allSatisfy { $0.count <= 1 << 20 })
    }

    @Test("Bytes go out as they are, from memory and from a fit")
    func bytes() throws {
        let source = ImageSource(bytes: [9])
        #expect(try chunks(PublishedContent(image(.bytes([1, 2]), byteCount: 2), source: source)) == [[1, 2]])
        #expect(try chunks(PublishedContent(bytes: [3])) == [[3]])
    }

    @Test("A source that became shorter while it was copied is an error, and so is one that changed")
    func changed() throws {
        let path = try folder.write(pattern(3 << 20), to: "a")
        let source = try ImageSource(file: path)
        let content = PublishedContent(image(.source, byteCount: 3 << 20), source: source)
        let shorter = #expect(throws: ImageError.self) {
            try content.forEachChunk { _ in try folder.write([1], to: "a") }
        }
        #expect(shorter?.code == .inputChanged)
        #expect(#expect(throws: ImageError.self) { try content.verify() }?.code == .inputChanged)
    }

    @Test("An error of the receiver ends the copy")
    func receiver() throws {
        let source = try ImageSource(file: try folder.write(pattern(3 << 20), to: "a"))
        var calls = 0
        #expect(throws: CancellationError.self) {
            try PublishedContent(image(.source, byteCount: 3 << 20), source: source).forEachChunk { _ in
                calls += 1
                throw CancellationError()
            }
        }
        #expect(calls == 1)
    }

    @Test("In place, a link's file is replaced, with its permissions", arguments: [0o600, 0o644])
    func inPlace(mode: Int) throws {
        let path = try folder.write([1], to: "real/a.jpg")
        #expect(try ChildProcess(["/bin/chmod", String(mode, radix: 8), path.string]).wait() == 0)
        try folder.makeLink("link.jpg", to: "real/a.jpg")
        let target = try InPlaceTarget(of: folder.path.appending("link.jpg"))
        #expect(target.path == (try FileSystem.resolve(path)) && target.mode & 0o777 == UInt32(mode))
    }

    @Test("In place, a file that is gone or a link to nowhere is an error")
    func inPlaceMissing() throws {
        try folder.makeLink("link", to: "nowhere")
        for name in ["none", "link"] {
            let error = #expect(throws: ImageError.self) { try InPlaceTarget(of: folder.path.appending(name)) }
            #expect(error?.code == .notFound)
        }
    }

    @Test("Relative paths are shown as a person here would write them, and become absolute")
    func workingFolder() throws {
        let here = try WorkingFolder.current()
        #expect(here.isAbsolute)
        #expect(WorkingFolder.shown(here.appending("a").appending("b")) == "a/b")
        #expect(WorkingFolder.shown(here) == here && WorkingFolder.shown("/nowhere/a") == "/nowhere/a")
        #expect(try WorkingFolder.absolute("a/b") == here.appending("a").appending("b"))
        #expect(try WorkingFolder.absolute("/a") == "/a")
    }

    @Test(
        "A dash alone is standard input",
        arguments: [("-", true), ("--", false), ("./-", false), ("", false), ("a", false)])
    func dash(path: String, isDash: Bool) { #expect(FilePath(path).isDash == isDash) }
}
