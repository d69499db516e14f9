// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@Suite struct OutputPublisherTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A source that changed while it was copied is not published")
    func changedSource() throws {
        let source = try ImageSource(file: folder.write([1, 2, 3], to: "in.jpg"))
        try folder.write([1, 2, 3, 4], to: "in.jpg")
        let content = PublishedContent(.fake(.source, byteCount: 3), source: source)
        #expect(throws: ImageError.self) {
            try OutputPublisher().publish(content, to: folder.path.appending("out.jpg"), replacing: false)
        }
        #expect(folder.files() == ["in.jpg"])
    }

    @Test(
        "A failure of the system has our code, its reason and a remedy",
        arguments: [
            (Errno.noSpace, "disk_full"), (.diskQuotaExceeded, "disk_full"),
            (.readOnlyFileSystem, "permission_denied"), (.permissionDenied, "permission_denied"),
            (.ioError, "io_failed"), (.noSuchFileOrDirectory, "not_found"),
        ])
    func failures(reason: Errno, code: String) throws {
        var calls = PublishingCalls.system
        calls.synchronize = { _ throws(Errno) in throw reason }
        let publisher = OutputPublisher(FilePublisher(calls: calls))
        let error = try #require(throws: ImageError.self) {
            try publisher.publish(
                PublishedContent(bytes: [1]), to: folder.path.appending("a.jpg"), replacing: false)
        }
        #expect(error.code.description == code)
        #expect(error.message.hasPrefix("cannot write ") && error.message.contains("; "))
        #expect(folder.files().isEmpty)
    }
}
