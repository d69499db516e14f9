// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugPipeline
import SystemPackage
import Testing

@Suite struct BatchFileTests {
    private func read(_ text: String, defaults: GenerationRequest = GenerationRequest(prompt: "")) -> BatchFile {
        BatchFile(text, defaults: defaults) { _ in }
    }

    @Test("A line has its own values, and the options' where it is silent")
    func lines() throws {
        let batch = read(
            #"""
            {"prompt": "a cat", "size": "640x480", "n": 2, "seed": 7, "images": "https://host/a.png", "output": "x/cat"}

            {"prompt": "a dog", "model": null, "parameters": {"quality": "high", "steps": 4, "cfg": 1.5, "safe": true}}
            """#, defaults: GenerationRequest(prompt: "", model: "flux", format: "png"))
        #expect(batch.faults.isEmpty)
        #expect(batch.lines.map(\.number) == [1, 3])
        let first = try #require(batch.lines.first)
        #expect(first.request.prompt == "a cat" && first.request.model == "flux" && first.request.format == "png")
        #expect(first.request.size == ImageSize(width: 640, height: 480) && first.request.count == 2)
        #expect(first.request.seed == 7 && first.request.images == [.url("https://host/a.png")])
        #expect(first.output == "x/cat")
        let second = try #require(batch.lines.last)
        #expect(second.request.model == "flux" && second.output == nil)
        #expect(
            second.request.parameters == [
                "quality": .text("high"), "steps": .integer(4), "cfg": .number(1.5), "safe": .flag(true),
            ])
    }

    @Test(
        "A faulty line is named with its fault",
        arguments: [
            ("nonsense", "is no JSON object"), ("[1]", "is no JSON object"), ("{}", "prompt is missing"),
            (#"{"prompt": 1}"#, "prompt has to be a text"),
            (#"{"prompt": "a", "n": "2"}"#, "n has to be a whole number"),
            (#"{"prompt": "a", "size": "big"}"#, "size is no size"), (#"{"prompt": "a", "colour": 1}"#, "\"colour\""),
            (#"{"prompt": "a", "images": [1]}"#, "images has to be a list"),
            (#"{"prompt": "a", "parameters": {"x": []}}"#, "parameters takes texts"),
            (#"{"prompt": "a", "images": "a\u0000b"}"#, "NUL"),
        ])
    func faults(line: String, message: String) {
        let batch = read("{\"prompt\": \"ok\"}\n" + line)
        #expect(batch.lines.map(\.number) == [1])
        #expect(batch.faults.map(\.number) == [2])
        #expect(batch.faults.first?.message.contains(message) == true, "\(batch.faults)")
    }

    @Test("Several faults of a line are named together")
    func severalFaults() {
        let faults = read(#"{"n": true, "seed": "x"}"#).faults
        #expect(faults.first?.message == "prompt is missing; n has to be a whole number; seed has to be a whole number")
    }

    @Test("What the provider does not accept is a fault of its line")
    func checks() {
        let batch = BatchFile("{\"prompt\": \"a\"}\n{\"prompt\": \"b\"}", defaults: GenerationRequest(prompt: "")) {
            if $0.prompt == "b" { throw GenerationError(.invalidRequest, "no b") }
        }
        #expect(batch.faults.map(\.message) == ["no b"])
    }

    @Test("Lines end as any editor ends them", arguments: ["\n", "\r\n", "\r"])
    func lineEnds(end: String) {
        let batch = read(["{\"prompt\":\"a\"}", "", "  ", "{\"prompt\":\"b\"}", ""].joined(separator: end))
        #expect(batch.lines.map(\.number) == [1, 4] && batch.faults.isEmpty)
    }

    @Test("A text may hold every character that breaks lines elsewhere", arguments: ["\u{85}", "\u{2028}", "\u{2029}"])
    func innerBreaks(character: Character) {
        let batch = read("{\"prompt\":\"a\(character)b\"}\n{\"prompt\":\"c\"}")
        #expect(batch.lines.map(\.request.prompt) == ["a\(character)b", "c"] && batch.faults.isEmpty)
    }

    @Test("The mark that some editors put before the first line is no part of it")
    func byteOrderMark() {
        #expect(read("\u{FEFF}{\"prompt\":\"a\"}\n").lines.map(\.number) == [1])
        #expect(read("\u{FEFF}").lines.isEmpty && read("").lines.isEmpty)
    }

    @Test("A reference is an address or an absolute path")
    func references() throws {
        #expect(try ImageInput(reference: "HTTPS://host/a.png") == .url("HTTPS://host/a.png"))
        #expect(try ImageInput(reference: "/a/b.png") == .file("/a/b.png"))
        guard case .file(let path) = try ImageInput(reference: "b.png") else {
            Issue.record("is no file")
            return
        }
        #expect(path.isAbsolute && path.lastComponent == "b.png")
    }
}
