// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// Texts that the ledger keeps.
@Suite struct JobTextTests {
    @Test("Every byte of a name comes back from its text", arguments: UInt64(0)..<50)
    func paths(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
            UInt8.random(in: 1...255, using: &random)
        }
        #expect(PathText.decode(PathText.encode(bytes)) == bytes)
        let id = IntakeID.random()
        let version = FileVersion(
            device: 1, inode: UInt64(seed), byteCount: 3, modified: -5, changed: 0)
        for key in [
            SourceKey.moved(id, RelativePath(bytes: bytes)), .left(RelativePath(bytes: bytes), version),
        ] {
            #expect(SourceKey(key.text) == key)
        }
    }

    @Test("Text in a name stays readable, and broken bytes are marked")
    func readable() {
        #expect(PathText.encode(Array("Küche/ä 100%.jpg".utf8)) == "Küche/ä 100%25.jpg")
        #expect(PathText.encode([0x61, 0xFF]) == "a%ff")
    }

    @Test(
        "No text of another kind is a source",
        arguments: ["", "work:", "work:x:a", "left:1:2:3:a", "other:1"])
    func noKey(text: String) { #expect(SourceKey(text) == nil) }

    @Test("The options of a job survive the ledger, and equal ones have equal texts")
    func options() throws {
        var folder = WatchFolder(
            inbox: "/in", outbox: "/out", pipeline: try #require(Pipeline("fit,upload,generate")))
        folder.limits.formats = [.png, .jpeg]
        folder.policy.background = RGBColour(red: 1, green: 2, blue: 3)
        folder.generation = GenerationSettings(account: "a", prompt: "p")
        folder.generation?.parameters = ["x": .flag(true), "a": .integer(3)]
        let options = JobOptions(folder)
        #expect(JobOptions(text: options.text) == options)
        folder.limits.formats = [.jpeg, .png]
        #expect(JobOptions(folder).text == options.text)
        folder.limits.byteLimit += 1
        #expect(JobOptions(folder).text != options.text)
        #expect(options.fit?.limits.byteLimit == folder.limits.byteLimit - 1)
    }

    @Test(
        "Results keep the name of their source, and get another where it is taken",
        arguments: [
            ("a.JPG", "jpg", ["a.JPG", "a.JPG.jpg", "a-3.JPG"]),
            ("sub/a.png", "jpg", ["sub/a.jpg", "sub/a.png.jpg"]),
            ("a", "png", ["a.png", "a-2.png"]), ("a.b.jpeg", "jpg", ["a.b.jpeg"]),
            (".x", "jpg", [".x.jpg"]),
        ])
    func resultNames(name: String, suffix: String, names: [String]) {
        let result = ResultName(RelativePath(name), suffix: suffix)
        for (index, expected) in names.enumerated() {
            #expect(result.candidate(index) == RelativePath(expected))
        }
    }

    @Test("A name of a result is never longer than a file system allows")
    func longNames() {
        let result = ResultName(
            RelativePath(String(repeating: "ä", count: 126) + ".png"), suffix: "jpg", number: 12)
        for index in 0..<3 { #expect(result.candidate(index).name.count <= 255) }
        #expect(Set((0..<20).map { result.candidate($0) }).count == 20)
    }

    @Test(
        "A sidecar's options are checked like the configuration's, and a wrong one names what was probably meant",
        arguments: [
            (#"{"profile": "openai-edt"}"#, "openai-edit"), (#"{"limit": "ten"}"#, "size"),
            (#"{"strategy": "bst"}"#, "best"), (#"{"prompt": "x"}"#, "does not generate"),
            (#"{"max_side": 0}"#, "1 or more"), (#"{"background": "blurple"}"#, "colour"),
        ])
    func wrongSidecar(text: String, hint: String) throws {
        guard case .present(let sidecar) = Sidecar.parse(Array(text.utf8)) else {
            Issue.record("the sidecar cannot be read")
            return
        }
        var options = JobOptions(WatchFolder(inbox: "/in", outbox: "/out"))
        let error = #expect(throws: WatchError.self) { try options.apply(sidecar, accounts: []) }
        #expect(
            error?.code == .invalidSidecar && error?.message.contains(hint) == true,
            "\(error?.message ?? "")")
    }
}
