// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's row "streaming".
@Suite struct StreamingConformanceTests {
    private let body: JSON = [
        "model": "gpt-image-1.5", "prompt": "a cat", "stream": true, "partial_images": 2, "output_format": "jpeg",
    ]

    private func stream(_ plan: StreamPlan, _ extra: [String] = []) async throws -> (
        answer: Curl.Response, charges: Int
    ) {
        try await withSimulator(Simulator.Configuration(job: JobPlan(stream: plan))) { simulator async throws in
            let answer = try await Client(simulator).openAI(body, extra)
            return (answer, simulator.ledger.charges.count)
        }
    }

    /// The events by the standard's rules: lines joined, comments dropped.
    private func events(_ text: String) -> [(name: String, data: JSON?)] {
        text.replacing("\r\n", with: "\n").split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n").filter { !$0.hasPrefix(":") }
            guard let name = lines.first(where: { $0.hasPrefix("event: ") })?.dropFirst(7) else { return nil }
            let data = lines.filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }.joined(separator: "\n")
            return (String(name), JSON.parse(Array(data.utf8)))
        }
    }

    @Test(
        "Partial events, then completed, however they are written",
        arguments: [
            StreamPlan(), StreamPlan(comments: true), StreamPlan(multilineData: true),
            StreamPlan(splitsCharacters: true), StreamPlan(carriageReturns: true),
            StreamPlan(comments: true, multilineData: true, splitsCharacters: true, carriageReturns: true),
        ])
    func events(plan: StreamPlan) async throws {
        let answer = try await stream(plan).answer
        #expect(answer.headers["Content-Type"] == "text/event-stream")
        let events = events(answer.text)
        let partial = "image_generation.partial_image"
        #expect(events.map(\.name) == [partial, partial, "image_generation.completed"])
        #expect(events.map { $0.data?["partial_image_index"] } == [0, 1, nil])
        let image = Base64.decode(events.last?.data?["b64_json"]?.text ?? "") ?? []
        #expect(ImageSniffer(bytes: image).format == "jpeg")
        #expect(events.last?.data?["usage"]?["total_tokens"] != nil)
        #expect(answer.text.contains("\n: keep-alive") || answer.text.hasPrefix(": keep-alive") == plan.comments)
    }

    @Test("A stream cut before completed is charged all the same")
    func cut() async throws {
        let result = try await stream(StreamPlan(cutsBeforeCompleted: true))
        #expect(result.answer.exit == 18)
        #expect(events(result.answer.text).count == 2)
        #expect(result.charges == 1)
    }

    @Test("A write can end within a character")
    func splitCharacters() async throws {
        let raw = try await stream(StreamPlan(splitsCharacters: true), ["--raw"]).answer.body
        // Behind the first byte of é comes the end of a chunk.
        #expect(raw.firstIndex(of: [0xC3, 0x0D, 0x0A], from: 0) != nil)
    }

    @Test("Edits name their events after themselves")
    func edits() async throws {
        try await withSimulator { simulator async throws in
            let url = simulator.addresses[.openai] + "/images/edits"
            let image = FlatImage(width: 32, height: 32, seed: 1).bytes(.png)
            var form = Array("--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n".utf8)
            form += Array("Content-Type: image/png\r\n\r\n".utf8) + image
            for (name, value) in [("prompt", "a"), ("stream", "true"), ("partial_images", "1")] {
                form += Array("\r\n--X\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)".utf8)
            }
            form += Array("\r\n--X--\r\n".utf8)
            let type = ["-H", "Content-Type: multipart/form-data; boundary=X", "-H", "Authorization: Bearer sk-main"]
            let answer = try await Curl().run(type + [url], body: form)
            #expect(events(answer.text).map(\.name) == ["image_edit.partial_image", "image_edit.completed"])
        }
    }
}
