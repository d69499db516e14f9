// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// The form that requests have in journals, which later versions must read.
@Suite struct RequestCodingTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
    }

    @Test("Members that an older journal does not have are as if nobody had asked for anything")
    func older() throws {
        let request = try decode(GenerationRequest.self, #"{"prompt":"a cat","later_member":[1]}"#)
        #expect(request == GenerationRequest(prompt: "a cat"))
        #expect(request.count == 1 && request.images.isEmpty && request.partialImages == 0 && request.size == nil)
        #expect(throws: DecodingError.self) { try decode(GenerationRequest.self, "{}") }
    }

    @Test("The keys of the journal are what they were")
    func keys() throws {
        var request = GenerationRequest(
            prompt: "p", model: "m", fallbackModels: ["f"], size: ImageSize(width: 3, height: 4), count: 2,
            images: [.url("https://h/a")], mask: .file("m.png"), seed: 5, format: "png", partialImages: 1)
        request.parameters = ["quality": .text("high")]
        let data = try JSONEncoder().encode(request)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "prompt", "model", "fallbackModels", "size", "count", "images", "mask", "seed", "format",
                "partialImages", "parameters",
            ])
        #expect(object["size"] as? String == "3x4" && object["seed"] as? Int == 5)
        #expect((object["images"] as? [[String: String]]) == [["url": "https://h/a"]])
        #expect((object["mask"] as? [String: String]) == ["file": "m.png"])
    }

    @Test("Names of files come back to the byte, UTF-8 or not", arguments: UInt64(0)..<5)
    func paths(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let bytes = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                [UInt8.random(in: 1...255, using: &random), 47, 46, 0xC3, 0xA9].randomElement(using: &random) ?? 46
            }
            let path = FilePath(bytes: bytes)
            let place = ImageDestination(folder: path, name: "n", replaces: Bool.random(using: &random))
            #expect(try roundTrip(ImageInput.file(path)) == .file(path))
            #expect(try roundTrip(place) == place)
        }
    }

    @Test("An image of bytes comes back with its name, and an empty one too")
    func bytes() throws {
        for input in [ImageInput.bytes([], name: ""), .bytes([0, 255, 10], name: "a\"b\n\u{1F305}")] {
            #expect(try roundTrip(input) == input)
        }
        #expect(throws: DecodingError.self) { try decode(ImageInput.self, #"{"bytes":"AA=="}"#) }
        #expect(throws: DecodingError.self) { try decode(ImageInput.self, #"{"bytes":"no base64!","name":"n"}"#) }
        #expect(throws: DecodingError.self) { try decode(ImageInput.self, "{}") }
    }

    @Test("Numbers of parameters stay what they are: whole, broken, flags and texts")
    func parameters() throws {
        var request = GenerationRequest(prompt: "p")
        request.parameters = [
            "a": .integer(.max), "b": .integer(.min), "c": .number(0.1), "d": .number(-1e300), "e": .flag(true),
            "f": .text("1"), "g": .text(""), "": .flag(false),
        ]
        #expect(try roundTrip(request) == request)
    }

    @Test(
        "A size that is none is an error, not another size",
        arguments: [
            "", "x", "0x5", "5x0", "-5x5", "5x5x5", "5", "5 x 5", "1e3x5", "99999999999999999999x5", "5\u{D7}5",
        ])
    func sizes(text: String) throws {
        let data = try JSONEncoder().encode([text])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([ImageSize].self, from: data) }
        #expect(ImageSize(text) == nil)
    }

    @Test("A record of the version that called images pictures has its images")
    func pictures() throws {
        var record = GenerationJobTests.record(.delivered, jobID: "j")
        let image = Generation.Image(
            path: "out/a.png", mediaType: "image/png", size: ImageSize(width: 2, height: 3), byteCount: 4,
            source: "https://h/a", revisedPrompt: "b")
        (record.images, record.isKept) = ([image], true)
        let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        #expect(text.contains("\"pictures\":[{"))
        #expect(try roundTrip(record) == record)
        #expect(try decode(GenerationRecord.self, text).images == [image])
    }

    @Test(
        "A rate limit is a number and a period, and nothing else is one",
        arguments: [
            ("60/min", 60, 60.0), ("1/s", 1, 1), ("500/HOUR", 500, 3600), ("1000/day", 1000, 86_400), ("7/sec", 7, 1),
            ("0/s", nil, 0), ("-5/s", nil, 0), ("60", nil, 0), ("60/", nil, 0), ("/min", nil, 0), ("60/min/s", nil, 0),
            ("60/week", nil, 0), ("1.5/s", nil, 0), ("60 /min", nil, 0), ("99999999999999999999/s", nil, 0),
        ] as [(String, Int?, Double)])
    func rates(text: String, count: Int?, seconds: Double) {
        let limit = RateLimit(text)
        #expect(limit?.count == count)
        if let limit { #expect(limit.window.length == seconds && limit.window.limit == count) }
    }
}
