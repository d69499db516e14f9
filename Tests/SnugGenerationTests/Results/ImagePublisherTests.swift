// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct ImagePublisherTests {
    private let folder: TemporaryFolder
    private let downloader: ResultDownloader
    private let spool: SpoolDirectory

    init() throws {
        folder = try TemporaryFolder()
        spool = SpoolDirectory(folder.path.appending("spool"))
        downloader = ResultDownloader(
            client: try makeClient(), threads: BlockingThreads(count: 4), checker: checkImage,
            base: try HTTPURL("http://127.0.0.1:1/"))
    }

    private func spooled(_ bytes: [UInt8]) throws -> SpooledImage {
        let file = try spool.create()
        try file.write(bytes)
        return file.finish()
    }

    private func keep(_ byteCount: Int, replaces: Bool = false) async throws -> String? {
        let destination = ImageDestination(folder: folder.path.appending("a/b"), name: "cat", replaces: replaces)
        let image = try await downloader.keep(spooled(imageBytes(byteCount)), at: destination)
        #expect(image.byteCount == byteCount && image.source == nil)
        #expect(try bytes(of: image.path) == imageBytes(byteCount))
        return image.path.lastComponent?.string
    }

    @Test("An image within a response is put in its place, as readable as any new file")
    func keeps() async throws {
        #expect(try await keep(300_000) == "cat.png")
        #expect(folder.files() == ["a/b/cat.png"])
        let path = folder.path.appending("a/b/cat.png").string
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        try folder.write([1], to: "other")
        let other = folder.path.appending("other").string
        #expect(try mode == FileManager.default.attributesOfItem(atPath: other)[.posixPermissions] as? Int)
    }

    @Test("No file is replaced unless the destination says so; an equal image is not delivered twice")
    func names() async throws {
        try folder.write([1, 2, 3], to: "a/b/cat.png")
        #expect(try await keep(100) == "cat-2.png")
        #expect(try await keep(101) == "cat-3.png")
        #expect(try await keep(100) == "cat-2.png")
        #expect(try folder.bytes(of: "a/b/cat.png") == [1, 2, 3])
        #expect(try await keep(100, replaces: true) == "cat.png")
        #expect(folder.files() == ["a/b/cat-2.png", "a/b/cat-3.png", "a/b/cat.png"])
    }

    @Test("An image that is none is not put anywhere")
    func bad() async throws {
        let destination = ImageDestination(folder: folder.path.appending("a"), name: "cat")
        for (content, words) in [([], "nothing"), ([0x89] + imageBytes(50), "damaged")] as [([UInt8], String)] {
            let image = try spooled(content)
            let error = await #expect(throws: GenerationError.self) {
                _ = try await downloader.keep(image, at: destination)
            }
            #expect(error?.code == .badImage && error?.message.contains(words) == true)
        }
        #expect(folder.files().isEmpty)
    }

    @Test("A place that cannot be written is an error")
    func noPlace() async throws {
        try folder.write([1], to: "file")
        let destination = ImageDestination(folder: folder.path.appending("file"), name: "cat")
        let image = try spooled(imageBytes(50))
        let error = await #expect(throws: GenerationError.self) {
            _ = try await downloader.keep(image, at: destination)
        }
        #expect(error?.code == .outputFailed && error?.cause as? Errno == .notDirectory)
        let odd = ImageDestination(folder: folder.path, name: "a/../../x")
        let refused = await #expect(throws: GenerationError.self) { _ = try await downloader.keep(image, at: odd) }
        #expect(refused?.code == .outputFailed)
    }

    @Test(
        "Extensions follow the content",
        arguments: [
            ("image/jpeg", "jpg"), ("image/png", "png"), ("image/webp; q=1", "webp"), ("IMAGE/AVIF", "avif"),
            ("image/svg+xml", "svg"), ("image/x/../y", "bin"), ("text/html", "bin"), ("", "bin"),
        ])
    func extensions(type: String, name: String) { #expect(ImagePublisher.fileExtension(type) == name) }
}
