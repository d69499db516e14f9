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
        "The extension of an image, and only that, says the format of a file",
        arguments: [
            ("a.png", "a", "png"), ("a.JPEG", "a", "JPEG"), ("a.v2", "a.v2", nil), (".png", ".png", nil),
            ("a.b.webp", "a.b", "webp"), ("a", "a", nil),
        ] as [(String, String, String?)])
    func extensions(output: String, name: String, fileExtension: String?) throws {
        let place = try ImageNaming.destination(
            FilePath("/nowhere/\(output)"), prompt: "x", replaces: false)
        #expect(place.folder == "/nowhere" && place.name == name && place.fileExtension == fileExtension)
        let below = try ImageNaming.destination("sub/\(output)", below: "/nowhere", prompt: "x", replaces: false)
        #expect(below.folder == "/nowhere/sub" && below.name == name && below.fileExtension == fileExtension)
    }

    @Test(
        "A provider is asked for the format of a name where it is known to make it",
        arguments: [
            ("openai", "gpt-image-1", nil, "jpg", "jpeg"), ("openai", "gpt-image-1", nil, "PNG", "png"),
            ("openai", "gpt-image-1", "png", "jpg", "png"), ("openai", "flux", nil, "jpg", nil),
            ("openai", "dall-e-3", nil, "jpg", nil), ("elumenta", "m", nil, "webp", "webp"),
            ("elumenta", "m", nil, "jfif", "jpeg"), ("pollinations", "flux", nil, "png", nil),
        ] as [(String, String, String?, String, String?)])
    func askedFormat(
        provider: String, model: String, format: String?, fileExtension: String, asked: String?
    ) throws {
        let provider: Provider =
            switch provider {
            case "openai": try .openAI(baseURL: "https://api.example/v1")
            case "elumenta": try .elumenta()
            default: try .pollinations()
            }
        var request = GenerationRequest(prompt: "x")
        request.model = model
        request.format = format
        #expect(try provider.request(request, named: fileExtension).format == asked)
    }

    @Test("A format that neither the provider nor this machine makes is refused")
    func refusedFormat() throws {
        let request = GenerationRequest(prompt: "x")
        for fileExtension in ["heic", "avif", "svg", "jxl"] {
            let error = #expect(throws: GenerationError.self) {
                try Provider.elumenta().request(request, named: fileExtension)
            }
            #expect(error?.code == .invalidRequest && error?.message.contains(".\(fileExtension)") == true)
        }
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
