// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The same providers over HTTP/2, as curl meets them.
@Suite(.timeLimit(.minutes(5))) struct HTTP2Tests {
    private let version = ["--http2-prior-knowledge"]

    private func address(_ simulator: Simulator, _ service: ServiceName) -> String {
        simulator.addresses.http2[service] ?? ""
    }

    @Test("Responses are those of HTTP/1.1, byte for byte, for every service")
    func equality() async throws {
        try await withSimulator { simulator async throws in
            let image = try await Client(simulator).image("?seed=1&width=8&height=8")
            #expect(image.status == 200)
            let paths: [(ServiceName, String)] = [
                (.elumenta, "/models/photon"), (.pollinations, "/image/cat?seed=1&width=8&height=8"), (.media, "/none"),
                (.openai, "/models"), (.downloads, "/none"),
            ]
            for (service, path) in paths {
                let key = service == .downloads ? [] : ["-H", "Authorization: Bearer sk_paid"]
                let old = try await Curl().run(key + [simulator.addresses[service] + path])
                let new = try await Curl().run(version + key + [address(simulator, service) + path])
                #expect(new.status == old.status && new.body == old.body)
                #expect(new.headers["content-type"] == old.headers["Content-Type"])
                #expect(new.headers["content-length"] == "\(new.body.count)")
                #expect(new.headers.fields.allSatisfy { $0.name == $0.name.lowercased() })
            }
        }
    }

    @Test("A body arrives whole, over several frames, and is recorded", arguments: [0, 1, 16_384, 16_385, 300_000])
    func bodies(count: Int) async throws {
        try await withSimulator { simulator async throws in
            let body = (0..<count).map { UInt8($0 & 0xFF) }
            let answer = try await Curl().run(
                version + ["-X", "POST", address(simulator, .media) + "/upload"], body: body)
            #expect(answer.status == 401)
            let record = try #require(simulator.requests.first)
            #expect(record.body == body && record.isBodyComplete && record.bodyDigest == Digest.hexadecimal(body))
            #expect(record.headers["Host"] != nil && record.headers.fields.allSatisfy { !$0.name.hasPrefix(":") })
        }
    }

    /// Faults, and whether the provider has acted.
    static let faultTable: [(Fault, Bool)] = [
        (Fault(delivery: .resetAfter(bytes: 0)), true), (Fault(delivery: .closeAfter(bytes: 9)), true),
        (Fault(request: .closeAfterBody, takesEffect: true), true), (Fault(request: .resetAfterBody), false),
        (Fault(delivery: .refuseStream), false), (Fault(delivery: .goAway), false),
    ]

    @Test(
        "A response that is broken off is an error, never a whole response, and charged if the provider acted",
        arguments: faultTable)
    func faults(fault: Fault, isCharged: Bool) async throws {
        try await withSimulator { simulator async throws in
            // Always, because curl repeats what was refused.
            simulator.script(Rule(fault, times: nil))
            let url = address(simulator, .openai) + "/images/generations"
            let answer = try await Client(simulator).post(url, ["prompt": "a"], key: "sk-main", version)
            // Of what came before a reset curl may drop any part.
            #expect(answer.exit != 0 && answer.body.count < 10)
            try await simulator.wait { $0.allSatisfy(\.isFinished) }
            #expect(!simulator.ledger.charges.isEmpty == isCharged)
            #expect(simulator.requests.allSatisfy { $0.wasCut && $0.metFault })
        }
    }

    @Test("A stream of events that is cut is no whole response")
    func cutStream() async throws {
        try await withSimulator { simulator async throws in
            let plan = JobPlan(stream: StreamPlan(cutsBeforeCompleted: true))
            simulator.script(Rule(Fault(job: plan)))
            let url = address(simulator, .openai) + "/images/generations"
            let body: JSON = ["prompt": "a", "stream": true]
            let answer = try await Client(simulator).post(url, body, key: "sk-main", version)
            #expect(answer.exit != 0 && !answer.text.contains("completed"))
            try await simulator.wait { $0.allSatisfy(\.isFinished) }
            #expect(simulator.requests.map(\.wasCut) == [true])
        }
    }

    @Test("What means something over HTTP/1.1 only is not sent, and a script's own fields are sent once")
    func fields() async throws {
        try await withSimulator { simulator async throws in
            let own: Headers = ["Connection": "close", "Transfer-Encoding": "chunked", "Date": "now", "X-Own": "1"]
            simulator.script(Rule(Fault(answer: .custom(status: 503, contentType: nil, body: "x"), headers: own)))
            let url = address(simulator, .openai) + "/models"
            let answer = try await Curl().run(version + [url])
            #expect(answer.exit == 0 && answer.status == 503 && answer.text == "x")
            let names = ["content-length", "content-type", "date", "x-own"]
            #expect(answer.headers.fields.map(\.name).sorted() == names && answer.headers["date"] == "now")
        }
    }

    @Test("A response without content ends with its headers", arguments: [(204, nil), (304, "7")])
    func noContent(status: Int, length: String?) async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(answer: .custom(status: status, contentType: nil, body: "ignored"))))
            let answer = try await Curl().run(version + [address(simulator, .openai) + "/models"])
            #expect(answer.exit == 0 && answer.status == status && answer.body.isEmpty)
            #expect(answer.headers["content-length"] == length)
        }
    }

    // MARK: Frame by frame

    private struct Frame {
        var type: UInt8
        var flags: UInt8
        var payload: [UInt8]

        var endsStream: Bool { flags & 1 != 0 }
    }

    /// A frame (RFC 9113 §4.1) of stream 1, or of the connection where `type` is SETTINGS.
    private static func frame(_ type: UInt8, flags: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, type == 4 ? 0 : 1] + payload
    }

    /// The frames DATA (0), HEADERS (1) and RST_STREAM (3) of stream 1, up to the last or the end of the connection.
    private func frames(
        _ connection: RawConnection, until isLast: @escaping @Sendable (Frame) -> Bool = { $0.type == 3 }
    ) async throws -> [Frame] {
        try await onThread {
            var bytes: [UInt8] = []
            var frames: [Frame] = []
            while frames.last.map(isLast) != true {
                let more = try connection.read()
                guard !more.isEmpty else { break }
                bytes += more
                while bytes.count >= 9, case let end = 9 + (Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])),
                    bytes.count >= end
                {
                    if bytes[8] == 1, [0, 1, 3].contains(bytes[3]) {
                        frames.append(Frame(type: bytes[3], flags: bytes[4], payload: Array(bytes[9..<end])))
                    }
                    bytes.removeFirst(end)
                }
            }
            return frames
        }
    }

    /// The end of a request: RST_STREAM with CANCEL, or none, so that the connection ends.
    static let departures: [[UInt8]] = [frame(3, [0, 0, 0, 8]), []]

    /// Starts a POST with three bytes of a body.
    private func begin(_ simulator: Simulator, goesOn: Bool = true) async throws -> RawConnection {
        let port = try #require(Int(address(simulator, .media).split(separator: ":").last ?? ""))
        // The static table's POST, http and / (RFC 7541, appendix A), and the authority "a".
        let head: [UInt8] = [0x83, 0x86, 0x84, 0x41, 1, 0x61]
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        return try await onThread {
            let connection = try RawConnection(port: port)
            let body = Self.frame(0, flags: goesOn ? 0 : 1, [1, 2, 3])
            try connection.send(preface + Self.frame(4) + Self.frame(1, flags: 4, head) + body)
            return connection
        }
    }

    @Test("A client that leaves in the middle of the body ends the request, which is recorded", arguments: departures)
    func departure(end: [UInt8]) async throws {
        try await withSimulator { simulator async throws in
            var connection: RawConnection? = try await begin(simulator)
            try await simulator.wait { $0.first?.bodyBytes == 3 }
            #expect(simulator.requests.map(\.isFinished) == [false])
            if end.isEmpty { connection = nil }
            try await onThread { [connection] in try connection?.send(end) }
            try await simulator.wait { $0.first?.isFinished == true }
            let record = try #require(simulator.requests.first)
            #expect(record.wasCut && !record.isBodyComplete && record.status == nil && record.bodyBytes == 3)
            #expect(record.method == "POST" && record.path == "/" && record.headers["Host"] == "a")
        }
    }

    @Test("Silence comes after so much of the body as over HTTP/1.1", arguments: [nil, 0, 3])
    func silence(bytes: Int?) async throws {
        try await withSimulator { simulator async throws in
            let fault = bytes.map(RequestFault.stallAfter) ?? .stallAfterHeaders
            simulator.script(Rule(Fault(request: fault)))
            let connection = try await begin(simulator)
            try await simulator.wait { $0.first?.isFinished == true }
            let record = try #require(simulator.requests.first)
            #expect(record.wasCut && !record.isBodyComplete && record.status == nil && record.metFault)
            #expect(record.bodyBytes == bytes ?? 0)
            connection.finishSending()
        }
    }

    @Test("A stream is reset in the middle of the body, and the provider has seen nothing")
    func resetInTheBody() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(request: .resetAfter(bytes: 20_000)), times: nil))
            let url = address(simulator, .openai) + "/images/generations"
            let body: JSON = ["prompt": .text(String(repeating: "a", count: 300_000))]
            let answer = try await Client(simulator).post(url, body, key: "sk-main", version)
            #expect(answer.exit != 0 && answer.status == 0)
            try await simulator.wait { $0.allSatisfy(\.isFinished) }
            #expect(simulator.requests.allSatisfy { $0.bodyBytes >= 20_000 && !$0.isBodyComplete && $0.wasCut })
            #expect(!simulator.requests.isEmpty && simulator.ledger.entries.isEmpty)
        }
    }

    @Test("An early response is whole, and tells the client not to send the rest", arguments: [0, 3])
    func early(bytes: Int) async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(request: .answerEarly(after: bytes, then: .close))))
            let frames = try await self.frames(try await begin(simulator))
            try #require(frames.map(\.type) == [1, 0, 3])
            #expect(frames.map(\.endsStream) == [false, true, false])
            #expect(JSON.parse(frames[1].payload)?["error"] == "File too large. Max size: 100MB")
            // NO_ERROR
            #expect(frames[2].payload == [0, 0, 0, 0])
            try await simulator.wait { $0.first?.isFinished == true }
            let record = try #require(simulator.requests.first)
            #expect(record.status == 413 && record.bodyBytes == bytes && !record.isBodyComplete && !record.wasCut)
        }
    }

    /// Deliveries, the lengths of the DATA frames of a body of 21 bytes, and whether a reset follows.
    static let deliveryTable: [(DeliveryFault, [Int], Bool)] = [
        (.closeAfter(bytes: 9), [9], true), (.resetAfter(bytes: 0), [0], true),
        (.chunkedWithoutEnd(thenClose: true), [21], true), (.chunkedWithoutEnd(thenClose: false), [21], false),
        (.stallAfter(bytes: 5), [5], false), (.stallInHeaders, [], false),
    ]

    @Test("A body breaks off after exactly the bytes that were let through", arguments: deliveryTable)
    func cut(delivery: DeliveryFault, lengths: [Int], isReset: Bool) async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(delivery: delivery)))
            let connection = try await begin(simulator, goesOn: false)
            // The last bytes that come before the client gives up.
            let last = lengths.last
            var frames: [Frame] = []
            if !isReset, let last {
                frames = try await self.frames(connection) { $0.type == 0 && $0.payload.count == last }
            }
            try await simulator.wait { $0.first?.status == 404 }
            if !isReset { connection.finishSending() }
            frames += try await self.frames(connection)
            #expect(frames.filter { $0.type == 0 }.map(\.payload.count) == lengths)
            let body = Array(#"{"error":"Not found"}"#.utf8)
            #expect(body.starts(with: frames.filter { $0.type == 0 }.flatMap(\.payload)))
            #expect(!frames.contains { $0.endsStream && $0.type != 3 })
            // INTERNAL_ERROR
            if isReset { #expect(frames.last?.payload == [0, 0, 0, 2]) }
            try await simulator.wait { $0.first?.isFinished == true }
            #expect(simulator.requests.map(\.wasCut) == [true])
        }
    }

    @Test("Dripping sends every byte, so many at a time")
    func drip() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(delivery: .drip(bytes: 8, milliseconds: 0))))
            let frames = try await self.frames(try await begin(simulator, goesOn: false)) { $0.endsStream }
            #expect(frames.map(\.payload.count).dropFirst() == [8, 8, 5])
        }
    }

    @Test("A gzip bomb unpacks to the bytes that were ordered")
    func bomb() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(delivery: .gzipBomb(unpackedBytes: 1_000_000))))
            let answer = try await Curl().run(version + ["--compressed", address(simulator, .media) + "/none"])
            #expect(answer.exit == 0 && answer.body == [UInt8](repeating: 0, count: 1_000_000))
        }
    }

    @Test("Requests at once are served beside each other")
    func multiplexing() async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(duration: 600_000))) { simulator async throws in
            let url = address(simulator, .pollinations) + "/image/cat?seed=[1-2]"
            let key = ["-H", "Authorization: Bearer sk_paid", "--parallel", "--parallel-immediate"]
            async let answer = Curl().run(version + key + [url])
            while simulator.ledger.entries.count < 2 { try await Task.sleep(for: .milliseconds(2)) }
            simulator.clock.advance(by: .seconds(600))
            #expect(try await answer.exit == 0)
            #expect(simulator.requests.map(\.status) == [200, 200])
        }
    }
}
