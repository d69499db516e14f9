// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugSystem
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugGeneration

@Suite struct StreamedResponseTests {
    /// Indices and bytes of the unfinished images, read while their files are there.
    private final class Partials: Sendable {
        let seen = Mutex<[(index: Int, bytes: [UInt8])]>([])
        func add(_ partial: PartialImage) {
            let content = (try? bytes(of: partial.image.path)) ?? []
            seen.withLock { $0.append((partial.index, content)) }
        }
        var indices: [Int] { seen.withLock { $0.map(\.index) } }
    }

    private let folder: TemporaryFolder
    private let threads: BlockingThreads
    private let partials = Partials()

    init() throws {
        folder = try TemporaryFolder()
        threads = BlockingThreads(count: 4)
    }

    private func read(_ request: ClientRequest) async throws -> (response: ProviderResponse, attempt: Attempt) {
        let reader = ResponseReader(client: try makeClient(), spoolDirectory: folder.path, threads: threads)
        return try await reader.read(request) { [partials] in partials.add($0) }
    }

    private func order(_ simulator: Simulator) throws -> ClientRequest {
        let body = #"{"model":"gpt-image-1.5","prompt":"a","stream":true,"partial_images":2,"output_format":"jpeg"}"#
        let url = try HTTPURL(simulator.addresses[.openai] + "/images/generations")
        var headers: HTTPFields = ["Content-Type": "application/json"]
        try headers.set("Authorization", secret: Secret("sk-main"), prefix: "Bearer ")
        return ClientRequest("POST", url, headerFields: headers, body: HTTPBody(bytes: Array(body.utf8)))
    }

    private func type(_ response: ProviderResponse) throws -> String? {
        let json = try JSONSerialization.jsonObject(with: Data(response.text)) as? [String: Any]
        return json?["type"] as? String
    }

    @Test(
        "Unfinished images come one by one, then the finished one, however the events are written",
        arguments: [
            StreamPlan(), StreamPlan(comments: true), StreamPlan(multilineData: true),
            StreamPlan(splitsCharacters: true), StreamPlan(carriageReturns: true),
            StreamPlan(comments: true, multilineData: true, splitsCharacters: true, carriageReturns: true),
        ])
    func streams(plan: StreamPlan) async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(stream: plan))) { simulator in
            let (response, attempt) = try await read(order(simulator))
            #expect(response.isStreamComplete == true && attempt.status == 200)
            #expect(partials.indices == [0, 1])
            #expect(partials.seen.withLock { $0.allSatisfy { $0.bytes.starts(with: [0xFF, 0xD8, 0xFF]) } })
            #expect(try type(response) == "image_generation.completed")
            let image = try #require(response.images.first)
            #expect(try response.images.count == 1 && bytes(of: image.path).starts(with: [0xFF, 0xD8, 0xFF]))
            // The finished one and nothing of the unfinished.
            #expect(folder.files().count == 1)
        }
    }

    @Test("A stream that is cut before it is completed says so", arguments: [true, false])
    func cut(byPlan: Bool) async throws {
        let plan = StreamPlan(cutsBeforeCompleted: byPlan)
        try await withSimulator(Simulator.Configuration(job: JobPlan(stream: plan))) { simulator in
            if !byPlan {
                let fault = Fault(delivery: .chunkedWithoutEnd(thenClose: true), job: JobPlan(stream: plan))
                simulator.script(Rule(fault, service: .openai))
            }
            let (response, attempt) = try await read(order(simulator))
            // Without the last chunk the completed event is there all the same.
            #expect(response.isStreamComplete == !byPlan && attempt.status == 200)
            #expect(partials.indices == [0, 1])
            if byPlan { #expect(attempt.failure == .responseCut) }
        }
    }

    @Test(
        "How events end a stream that is not cut",
        arguments: [
            ("data: {\"type\":\"image_edit.completed\"}\n\n", true),
            ("event: error\ndata: {\"error\":\"no\"}\n\n", false),
            ("data: {\"error\":{\"message\":\"no\"}}\n\n", false), ("data: {\"type\":\"other\"}\n\n", false),
            ("data: {\"type\":\"other\"}\n\ndata: [DONE]\n\n", false), (": nothing\n\n", false),
            ("data: {\"type\":\"x.completed\"}", false),
        ])
    func endings(events: String, isComplete: Bool) async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.respond(200, ["Content-Type": "text/event-stream; charset=utf-8"], body: events)
        }
        let (response, attempt) = try await read(ClientRequest("POST", try server.address()))
        #expect(response.isStreamComplete == isComplete && attempt.failure == nil)
        let data = events.hasPrefix(":") || events.last != "\n" ? "" : events.drop { $0 != "{" }.prefix { $0 != "\n" }
        #expect(response.text == Array(data.utf8))
    }

    @Test("The completed event ends the response though the server keeps the connection")
    func keptOpen() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            try connection.send("event: image_generation.completed\ndata: {\"b64_json\":\"aGk=\"}\n\n")
            connection.waitForClose()
        }
        let (response, attempt) = try await read(ClientRequest("POST", try server.address()))
        #expect(response.isStreamComplete == true && attempt.failure == nil)
        #expect(response.images.map(\.byteCount) == [2])
    }

    @Test("A partial image is handed on before the next event comes")
    func progressively() async throws {
        let server = try FaultServer { [partials] connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            try connection.send(
                "event: image_edit.partial_image\ndata: {\"b64_json\":\"aGk=\",\"partial_image_index\":3}\n\n")
            while partials.indices.isEmpty { usleep(1000) }
            try connection.send("event: image_edit.completed\ndata: {}\n\n")
        }
        #expect(try await read(ClientRequest("POST", try server.address())).response.isStreamComplete == true)
        #expect(partials.seen.withLock { $0.map(\.bytes) } == [Array("hi".utf8)])
        #expect(partials.indices == [3])
    }
}
