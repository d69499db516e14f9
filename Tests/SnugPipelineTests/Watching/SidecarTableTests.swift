// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline

/// Every key of a sidecar, and every wrong value for it.
@Suite struct SidecarTableTests {
    private static let texts = [
        "prompt", "negative_prompt", "model", "provider", "size", "profile", "for", "limit", "format",
        "strategy", "background",
    ]
    private static let numbers = ["n", "seed", "max_side", "timeout"]

    private func error(_ text: String) -> WatchError? {
        if case .invalid(let error) = Sidecar.parse(Array(text.utf8)) { error } else { nil }
    }

    @Test("The keys are these, and a message about an unknown one lists them all")
    func keys() throws {
        let fits = [
            "base64", "chroma", "dither", "effort", "keep_size", "max_pixels", "metadata", "page", "palette",
            "quality_ceiling", "quality_floor", "salvage",
        ]
        #expect(Sidecar.keys == (Self.texts + Self.numbers + ["options"] + fits).sorted())
        #expect(error(#"{"palette": 1.5}"#)?.message.contains("\"palette\" has to be text") == true)
        #expect(error(#"{"for": "a", "profile": "b"}"#)?.message.contains("are one setting") == true)
        let message = try #require(error(#"{"xylophone_quantity": 1}"#)?.message)
        for key in Sidecar.keys { #expect(message.contains(key)) }
    }

    @Test("Text takes text only", arguments: texts)
    func text(key: String) {
        for value in ["1", "1.5", "true", "null", "[]", "{}", #"["a"]"#] {
            let error = error("{\"\(key)\": \(value)}")
            #expect(
                error?.code == .invalidSidecar
                    && error?.message.contains("\"\(key)\" has to be text") == true)
        }
        guard case .present = Sidecar.parse(Array("{\"\(key)\": \"ä \\\"x\\\"\"}".utf8)) else {
            Issue.record("\(key)")
            return
        }
    }

    @Test("Numbers take whole ones from 0 on", arguments: numbers)
    func number(key: String) {
        for value in ["-1", "1.5", "\"1\"", "true", "null", "[1]", "1e30", "9223372036854775808"] {
            let error = error("{\"\(key)\": \(value)}")
            #expect(error?.message.contains("\"\(key)\" has to be a whole number") == true, "\(value)")
        }
        guard case .present = Sidecar.parse(Array("{\"\(key)\": 0}".utf8)) else {
            Issue.record("\(key)")
            return
        }
    }

    @Test("Options are an object", arguments: ["[]", "1", "\"a\"", "null", "true"])
    func options(value: String) {
        #expect(
            error("{\"options\": \(value)}")?.message.contains("\"options\" has to be a JSON object")
                == true)
    }

    @Test(
        "A sidecar that was cut at any byte waits for its rest, or is wrong; it is never taken for the whole",
        arguments: [#"{"prompt": "a {red} house", "n": 2, "options": {"style": {"a": "}"}}}"#])
    func cut(text: String) {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            if case .present = Sidecar.parse(Array(bytes[..<count])) { Issue.record("cut at \(count)") }
            // Preallocated, and filled up to there.
            let zeros = Array(bytes[..<count]) + [UInt8](repeating: 0, count: bytes.count - count)
            if case .present = Sidecar.parse(zeros) { Issue.record("zeros from \(count)") }
        }
        guard case .present(let sidecar) = Sidecar.parse(bytes) else {
            Issue.record("the whole one is none")
            return
        }
        #expect(sidecar.prompt == "a {red} house" && sidecar.count == 2)
    }

    @Test("A key that a terminal would execute is shown escaped")
    func escaped() {
        let message = error("{\"a\\u001B[31m\": 1}")?.message
        #expect(
            message?.contains("\u{1B}") == false && message?.contains("no key of a sidecar") == true)
    }

    @Test("A file of any size is bounded, and one that nobody may read says so")
    func files() throws {
        let folder = try TemporaryFolder()
        let large = try folder.write(Array(repeating: 0x20, count: (1 << 20) + 1), to: "large.json")
        guard case .invalid(let error) = Sidecar.read(large) else {
            Issue.record("a sidecar of more than 1 MiB was read")
            return
        }
        #expect(error.message.contains("1048576"))
        let whole = try folder.write(
            Array("{}".utf8) + Array(repeating: 0x20, count: (1 << 20) - 2), to: "whole.json")
        #expect(Sidecar.read(whole) == .present(Sidecar()))
        let long = folder.path.appending(String(repeating: "a", count: 256))
        #expect(Sidecar.read(long) == .missing)
    }

    @Test(
        "The sidecar of a file has its whole name",
        arguments: [("a.jpg", "a.jpg.json"), ("sub/a", "sub/a.json"), ("a.tar.gz", "a.tar.gz.json")])
    func place(file: String, sidecar: String) {
        #expect(Sidecar.path(of: RelativePath(file)) == RelativePath(sidecar))
    }
}
