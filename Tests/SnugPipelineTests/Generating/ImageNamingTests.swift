// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import SystemPackage
import Testing

@Suite struct ImageNamingTests {
    @Test(
        "A prompt becomes a name",
        arguments: [
            ("A lighthouse, at dusk!", "a-lighthouse-at-dusk"), ("don't panic", "dont-panic"), ("", "image"),
            ("…", "image"), ("..", "image"), ("\u{301}", "image"), ("cafe\u{301} noir", "cafe\u{301}-noir"),
            ("猫 と 犬", "猫-と-犬"), ("🐈 on a mat", "on-a-mat"), ("a\u{0}b", "a-b"), ("CON", "con"),
            (String(repeating: "x", count: 300), String(repeating: "x", count: 60)),
            (String(repeating: "猫", count: 300), String(repeating: "猫", count: 20)),
        ])
    func slug(prompt: String, name: String) {
        #expect(ImageNaming.slug(prompt) == name)
        #expect(ImageNaming.slug(prompt).utf8.count <= ImageNaming.maximumSlugBytes)
    }

    @Test(
        "A file name loses the extension of an image, and only that",
        arguments: [("a.png", "a"), ("a.JPEG", "a"), ("a.v2", "a.v2"), (".png", ".png"), ("a.b.webp", "a.b")])
    func extensions(output: String, name: String) throws {
        let place = try ImageNaming.destination(
            FilePath("/nowhere/\(output)"), prompt: "x", replaces: false)
        #expect(place.folder == "/nowhere" && place.name == name)
    }

    @Test("Folders are those that exist and those that are written as such")
    func folders() throws {
        let written = try ImageNaming.destination("/nowhere", isFolder: true, prompt: "x", replaces: false)
        #expect(written.folder == "/nowhere" && written.name == "x")
        let existing = try ImageNaming.destination("/", prompt: "x", replaces: false)
        #expect(existing.folder == "/" && existing.name == "x")
        #expect(throws: GenerationError.self) {
            try ImageNaming.destination("-", prompt: "x", replaces: false)
        }
    }
}
