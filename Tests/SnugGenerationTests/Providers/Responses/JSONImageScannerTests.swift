// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct JSONImageScannerTests {
    /// Text in, text and images out, the same wherever the text is cut.
    private func scan(_ text: String, limit: Int = 1 << 20) throws -> (text: String, images: [[UInt8]]) {
        let folder = try TemporaryFolder()
        let spool = SpoolDirectory(folder.path)
        var results: [(text: String, images: [[UInt8]])] = []
        for size in [1, 2, 3, 5, 7, 64, 100_000] {
            var scanner = JSONImageScanner(textLimit: limit, makeFile: spool.create)
            for piece in Array(text.utf8).pieces(of: size) { try scanner.consume(piece.span) }
            try scanner.finish()
            let images = try scanner.images.map { try bytes(of: $0.path) }
            results.append((String(decoding: scanner.text, as: UTF8.self), images))
        }
        let first = try #require(results.first)
        for result in results { #expect(result.text == first.text && result.images == first.images) }
        return first
    }

    @Test(
        "Images are taken out, all else stays",
        arguments: [
            (#"{"data":[{"b64_json":"aGVsbG8="}]}"#, #"{"data":[{"b64_json":""}]}"#, ["hello"]),
            (#"{ "b64_json" : "aGVsbG8" }"#, #"{ "b64_json" : "" }"#, ["hello"]),
            (#"{"b64_json":"aGVs\nbG8="}"#, #"{"b64_json":""}"#, ["hello"]),
            (#"{"b64_json":"Pz8\/Pz8\u002f"}"#, #"{"b64_json":""}"#, ["?????\u{3f}"]),
            (#"{"b64_json":"Pz8_Pz8_"}"#, #"{"b64_json":""}"#, ["??????"]),
            (#"{"b64_json":"data:image/png;base64,aGVsbG8="}"#, #"{"b64_json":""}"#, ["hello"]),
            (#"{"url":"data:image\/png;base64,aGVsbG8=","x":1}"#, #"{"url":"","x":1}"#, ["hello"]),
            (#"{"url":"DATA:image/PNG;Base64,aGVsbG8%3D"}"#, #"{"url":""}"#, ["hello"]),
            (#"{"url":"data:image/png;base64,aGVs%62G8%3d"}"#, #"{"url":""}"#, ["hello"]),
            (#"{"url":"data:image/svg+xml,%3Csvg%20a=\"b+c\"\/%3e#x"}"#, #"{"url":""}"#, [#"<svg a="b+c"/>"#]),
            (#"{"url":"data:image/png;charset=utf-8,h%65l%6C\no"}"#, #"{"url":""}"#, ["hello"]),
            (#"{"url":"data:text/plain,h%65"}"#, #"{"url":"data:text/plain,h%65"}"#, []),
            (#"{"url":"data:image/png,hel%6"}"#, #"{"url":""}"#, ["hel"]),
            (#"{"url":"data:image/png,hel%6xlo"}"#, #"{"url":""}"#, ["hel"]),
            (#"{"url":"data:image/png,"}"#, #"{"url":""}"#, [""]),
            (#"{"images":["data:image/png;BASE64,aGk=","data:,x"]}"#, #"{"images":["","data:,x"]}"#, ["hi"]),
            (
                #"[{"b64_json":"aGk="},{"b64_json":"aGVsbG8="}]"#, #"[{"b64_json":""},{"b64_json":""}]"#,
                ["hi", "hello"]
            ),
            (#"{"b64_json":"","a":"b"}"#, #"{"b64_json":"","a":"b"}"#, [""]),
            (#"{"b64_json":null,"a":"aGk="}"#, #"{"b64_json":null,"a":"aGk="}"#, []),
            (#"{"b64_json":["aGk="]}"#, #"{"b64_json":["aGk="]}"#, []),
            (#"{"a":"b64_json","b":"aGk="}"#, #"{"a":"b64_json","b":"aGk="}"#, []),
            (#"{"revised_prompt":"\"b64_json\":\"aGk=\""}"#, #"{"revised_prompt":"\"b64_json\":\"aGk=\""}"#, []),
            (
                #"{"a":"data","b":"dat","c":"d\u0061ta:x","d":""}"#,
                #"{"a":"data","b":"dat","c":"d\u0061ta:x","d":""}"#, []
            ),
            (#"{"a":"é ☕ \\","b64_json":"aGk="}"#, #"{"a":"é ☕ \\","b64_json":""}"#, ["hi"]),
            ("no JSON at all: \"data:text/plain,x", "no JSON at all: \"data:text/plain,x", []),
            ("", "", []),
        ])
    func table(input: String, text: String, images: [String]) throws {
        let result = try scan(input)
        #expect(result.text == text)
        #expect(result.images == images.map { Array($0.utf8) })
    }

    @Test("A byte that is no base64 ends the image, so that its checker finds it damaged")
    func damage() throws {
        let result = try scan(#"{"b64_json":"aGVs*bG8=","a":1}"#)
        #expect(result.text == #"{"b64_json":"","a":1}"# && result.images == [Array("hel".utf8)])
    }

    @Test("A text that is cut within an image keeps what came, and is no JSON any more")
    func cut() throws {
        let result = try scan(#"{"b64_json":"aGVsbG8"#)
        #expect(result.images == [Array("hello".utf8)])
        #expect(throws: (any Error).self) { try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as Any }
    }

    @Test("Text beyond the limit is dropped, images are not")
    func limit() throws {
        let long = String(repeating: "x", count: 1000)
        let result = try scan("{\"a\":\"\(long)\",\"b64_json\":\"aGk=\"}", limit: 100)
        #expect(result.text.utf8.count == 100)
        #expect(result.images == [Array("hi".utf8)])
    }

    @Test(
        "Images of every length come out as they were", arguments: [0, 1, 2, 3, 4, 5, 1000, 65_535, 65_536, 200_001])
    func lengths(count: Int) throws {
        let image = imageBytes(count + 8).suffix(count)
        let result = try scan("{\"b64_json\":\"\(Array(image).base64)\"}")
        #expect(result.images == [Array(image)])
        let escaped = image.map { "%" + String(0x100 + Int($0), radix: 16).dropFirst() }.joined()
        #expect(try scan("{\"url\":\"data:image/png,\(escaped)\"}").images == [Array(image)])
    }
}
