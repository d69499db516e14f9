// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Server-sent events, byte by byte, and read by the rules of the HTML standard.
@Suite struct EventStreamTests {
    private static let oddities = (0..<16).map { bits in
        StreamPlan(
            comments: bits & 1 != 0, multilineData: bits & 2 != 0, splitsCharacters: bits & 4 != 0,
            carriageReturns: bits & 8 != 0)
    }

    /// One event of the HTML standard, §9.2.6.
    private struct Event: Equatable {
        var type: String
        var data: String
    }

    /// Reads a stream as the standard interprets it, line by line.
    private func events(_ bytes: [UInt8]) -> [Event] {
        var (events, type, data) = ([Event](), "", [String]())
        // A Swift character can be CR LF, so lines are split as bytes.
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            let text = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            if text.isEmpty {
                if !data.isEmpty { events.append(Event(type: type, data: data.joined(separator: "\n"))) }
                (type, data) = ("", [])
                continue
            }
            let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1].first == " " ? String(sides[1].dropFirst()) : String(sides[1]) : ""
            if sides[0] == "event" { type = value }
            if sides[0] == "data" { data.append(value) }
        }
        return events
    }

    @Test("A plain event is an event line, a data line and an empty one")
    func plain() {
        var stream = EventStream(StreamPlan())
        stream.add("done", ["b": 2, "a": "x"])
        #expect(stream.pieces == [Array("event: done\ndata: {\"a\":\"x\",\"b\":2}\n\n".utf8)])
    }

    @Test("Comments come before an event, as a block of their own")
    func comments() {
        var stream = EventStream(StreamPlan(comments: true))
        stream.add("e", ["a": 1])
        #expect(
            stream.pieces.map { String(decoding: $0, as: UTF8.self) } == [
                ": keep-alive\n\n", "event: e\ndata: {\"a\":1}\n\n",
            ])
    }

    @Test("Data over several lines has one data field for each")
    func lines() {
        var stream = EventStream(StreamPlan(multilineData: true))
        stream.add("e", ["a": 1, "b": [2], "c": nil])
        let text = String(decoding: stream.pieces.joined(), as: UTF8.self)
        #expect(text == "event: e\ndata: {\ndata: \"a\":1,\ndata: \"b\":[2],\ndata: \"c\":null\ndata: }\n\n")
    }

    @Test("Every line ends in CR LF where asked")
    func carriageReturns() {
        var stream = EventStream(StreamPlan(comments: true, multilineData: true, carriageReturns: true))
        stream.add("e", ["a": 1])
        let bytes = Array(stream.pieces.joined())
        #expect(bytes.indices.allSatisfy { bytes[$0] != 10 || ($0 > 0 && bytes[$0 - 1] == 13) })
        #expect(bytes.suffix(4) == [13, 10, 13, 10])
    }

    @Test(
        "A write ends behind the first byte of a character of several, and nothing is lost", arguments: ["é", "☕", "🐈"])
    func splits(character: String) {
        var stream = EventStream(StreamPlan(splitsCharacters: true))
        stream.add("e", ["a": .text("x\(character)y")])
        #expect(stream.pieces.count == 2)
        #expect(stream.pieces[0].last == character.utf8.first)
        #expect(stream.pieces[1].first.map { $0 & 0xC0 == 0x80 } == true)
        #expect(events(Array(stream.pieces.joined())).first?.data == "{\"a\":\"x\(character)y\"}")
    }

    @Test("Without such a character there is nothing to split")
    func nothingToSplit() {
        var stream = EventStream(StreamPlan(splitsCharacters: true))
        stream.add("e", ["a": "plain"])
        #expect(stream.pieces.count == 1)
    }

    @Test("However it is written, a reader of the standard finds the same events", arguments: oddities)
    func equivalence(plan: StreamPlan) {
        let members: [String: JSON] = ["text": "a\nb\"c\\☕", "list": [1, 2.5, true, nil], "nested": ["x": [:]]]
        var stream = EventStream(plan)
        stream.add("first", members)
        stream.add("second", ["n": 1])
        let events = events(Array(stream.pieces.joined()))
        #expect(events.map(\.type) == ["first", "second"])
        #expect(events.first.flatMap { JSON.parse(Array($0.data.utf8)) } == .object(members))
    }

    // MARK: Streams of images

    private func stream(_ body: JSON, _ plan: StreamPlan = StreamPlan()) async throws -> (
        reply: Reply, client: DirectClient
    ) {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(stream: plan)))
        return (try await client.openAI(body.with("prompt", "a cat").with("stream", true)), client)
    }

    @Test("Partial images are numbered from 0 and precede the completed one", arguments: 0...3)
    func order(partial: Int) async throws {
        let reply = try await stream(["partial_images": .integer(partial)]).reply
        #expect(reply.status == 200 && reply.headers["Content-Type"] == "text/event-stream")
        let events = events(reply.bytes)
        let names = Array(repeating: "image_generation.partial_image", count: partial) + ["image_generation.completed"]
        #expect(events.map(\.type) == names)
        let data = events.compactMap { JSON.parse(Array($0.data.utf8)) }
        #expect(data.map { $0["type"]?.text } == names)
        #expect(data.map { $0["partial_image_index"]?.integer } == (0..<partial).map { $0 } + [nil])
    }

    @Test("Each event carries an image and what it is; only the last says what was used")
    func members() async throws {
        let body: JSON = [
            "partial_images": 2, "size": "1024x1536", "quality": "low", "background": "opaque", "output_format": "png",
        ]
        let data = events(try await stream(body).reply.bytes).compactMap { JSON.parse(Array($0.data.utf8)) }
        for event in data {
            #expect(event["size"] == "1024x1536" && event["quality"] == "low" && event["output_format"] == "png")
            #expect(event["background"] == "opaque" && event["created_at"]?.integer != nil)
            let image = ImageSniffer(bytes: Base64.decode(event["b64_json"]?.text ?? "") ?? [])
            #expect(image.format == "png" && image.size.map { $0 == (1024, 1536) } == true)
        }
        #expect(data.map { $0["usage"] != nil } == [false, false, true])
    }

    @Test("A stream that is cut has its partial images, no completed one, and is charged", arguments: 0...3)
    func cut(partial: Int) async throws {
        let (reply, client) = try await stream(
            ["partial_images": .integer(partial)], StreamPlan(cutsBeforeCompleted: true))
        #expect(events(reply.bytes).map(\.type) == Array(repeating: "image_generation.partial_image", count: partial))
        guard case .pieces(_, let isCut) = reply.body else {
            Issue.record("a stream is sent in pieces")
            return
        }
        #expect(isCut && client.ledger.charges.count == 1)
    }

    @Test("A failure before the stream begins is a plain document")
    func failure() async throws {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(outcome: .failed(text: "overloaded"))))
        let reply = try await client.openAI(["prompt": "a", "stream": true])
        #expect(reply.status == 500 && reply.headers["Content-Type"] == "application/json")
        #expect(client.ledger.charges.isEmpty)
    }

    @Test("Partial images without a stream are no stream")
    func notStreamed() async throws {
        let reply = try await DirectClient().openAI(["prompt": "a", "partial_images": 2])
        #expect(reply.headers["Content-Type"] == "application/json" && reply.json?["data"]?.array?.count == 1)
    }
}
