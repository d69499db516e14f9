// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Testing

@testable import SnugGeneration

/// Requests whose files have another folder on another host.
@Suite struct MovedFilesTests {
    private func request(_ images: [ImageInput], prompt: String = "a cat") -> GenerationRequest {
        GenerationRequest(prompt: prompt, images: images)
    }

    @Test("Files are the same by their names where they may move, and by their paths where they may not")
    func paths() {
        let (here, there) = (request([.file("/a/x.jpg")]), request([.file("/b/c/x.jpg")]))
        #expect(here.isSame(as: there, filesMayMove: true) && !here.isSame(as: there, filesMayMove: false))
        #expect(here.isSame(as: here, filesMayMove: false))
    }

    @Test("Nothing else of a request may differ")
    func differences() {
        let known = request([.file("/a/x.jpg"), .url("https://h/y.jpg")])
        for other in [
            request([.file("/b/z.jpg"), .url("https://h/y.jpg")]),
            request([.file("/b/x.jpg"), .url("https://h/z.jpg")]),
            request([.file("/b/x.jpg")]), request([.url("https://h/y.jpg"), .file("/b/x.jpg")]),
            request([.file("/b/x.jpg"), .url("https://h/y.jpg")], prompt: "a dog"),
            request([.bytes([1], name: "x.jpg"), .url("https://h/y.jpg")]),
        ] {
            #expect(!other.isSame(as: known, filesMayMove: true))
        }
        #expect(request([.file("/b/x.jpg"), .url("https://h/y.jpg")]).isSame(as: known, filesMayMove: true))
    }
}
