// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's row "transport", as libcurl meets it; its error numbers are those of `curl(1)`.
@Suite(.timeLimit(.minutes(5))) struct TransportConformanceTests {
    private let large = [UInt8](repeating: 0x20, count: 20_000_000)

    /// What curl and the records say about one submission that meets `fault`.
    private func submission(
        _ fault: Fault, timeout: Double = 60, _ extra: [String] = []
    ) async throws -> (answer: Curl.Response, record: RecordedRequest, charges: Int) {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(fault))
            let answer = try await Client(simulator, timeout: timeout).generate(extra)
            try await simulator.wait { $0.first?.isFinished == true }
            return (answer, try #require(simulator.requests.first), simulator.ledger.charges.count)
        }
    }

    private func upload(_ fault: Fault, _ extra: [String] = []) async throws -> (Curl.Response, RecordedRequest) {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(fault))
            let url = simulator.addresses[.openai] + "/images/edits"
            let answer = try await Curl().run(extra + ["-H", "Authorization: Bearer sk-main", url], body: large)
            try await simulator.wait { $0.first?.isFinished == true }
            return (answer, try #require(simulator.requests.first))
        }
    }

    @Test func neverAccepts() async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator, timeout: 1).get(simulator.addresses.neverAccepts)
            #expect(answer.exit == 28)
            #expect(answer.connects == 0)
        }
    }

    @Test func refusesConnections() async throws {
        try await withSimulator { simulator async throws in
            #expect(try await Client(simulator).get(simulator.addresses.refuses).exit == 7)
        }
    }

    @Test("Accepts and never reads: a large body stays in the pipe")
    func neverReads() async throws {
        try await withSimulator { simulator async throws in
            simulator.scriptConnections(.neverRead, service: .openai)
            let url = simulator.addresses[.openai] + "/images/edits"
            let answer = try await Curl(timeout: 2).run(["-H", "Expect:", url], body: large)
            #expect(answer.exit == 28)
            #expect(answer.uploaded < large.count)
            while simulator.connections == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(simulator.requests.isEmpty && simulator.connections == 1)
        }
    }

    @Test("Accepts, then closes or resets before a request", arguments: [ConnectionFault.close, .reset])
    func endsAtOnce(fault: ConnectionFault) async throws {
        try await withSimulator { simulator async throws in
            simulator.scriptConnections(fault, service: .openai)
            // 7 when the reset overtakes curl's look at whether it is connected.
            #expect([7, 52, 55, 56].contains(try await Client(simulator).openAI().exit))
            #expect(try await Client(simulator).openAI().status == 200)
        }
    }

    @Test("Reads the headers, then stalls")
    func stallsAfterHeaders() async throws {
        let result = try await submission(Fault(request: .stallAfterHeaders), timeout: 5)
        #expect(result.answer.exit == 28)
        #expect(result.record.bodyBytes == 0 && !result.record.isBodyComplete)
        #expect(result.charges == 0)
    }

    @Test("Reads the whole body, then closes without a byte, on a fresh connection")
    func closesAfterBodyFresh() async throws {
        let result = try await submission(Fault(request: .closeAfterBody, takesEffect: true))
        #expect(result.answer.exit == 52)
        #expect(result.record.isBodyComplete)
        #expect(result.charges == 1)
    }

    @Test("Does so on a reused connection: libcurl sends the POST again by itself, and it is charged again")
    func closesAfterBodyReused() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(request: .closeAfterBody, takesEffect: true), connection: .reused))
            let url = simulator.addresses[.elumenta] + "/generate"
            let answer = try await Client(simulator).generate([url])
            #expect(answer.exit == 0)
            #expect(simulator.requests.map(\.positionOnConnection) == [1, 2, 1])
            #expect(simulator.ledger.charges.count == 3)
            #expect(simulator.ledger.duplicates.count == 2)
        }
    }

    @Test("Resets after the body, and stalls after it")
    func resetsOrStallsAfterBody() async throws {
        let reset = try await submission(Fault(request: .resetAfterBody))
        #expect(reset.answer.exit == 56)
        let stall = try await submission(Fault(request: .stallAfterBody, takesEffect: true), timeout: 5)
        #expect(stall.answer.exit == 28)
        #expect(stall.charges == 1)
    }

    @Test func resetsInTheMiddleOfAnUpload() async throws {
        let (answer, record) = try await upload(Fault(request: .resetAfter(bytes: 100_000)), ["-H", "Expect:"])
        #expect([55, 56].contains(answer.exit))
        #expect(record.bodyBytes >= 100_000 && !record.isBodyComplete)
    }

    @Test func stallsInTheMiddleOfAnUpload() async throws {
        let fault = Fault(request: .stallAfter(bytes: 100_000))
        let (answer, record) = try await upload(fault, ["-H", "Expect:", "--max-time", "2"])
        #expect(answer.exit == 28)
        #expect(answer.uploaded < large.count && !record.isBodyComplete)
    }

    @Test(
        "An early 413 is delivered, whichever way the connection ends then",
        arguments: [RequestFault.Ending.close, .halfClose])
    func early413(ending: RequestFault.Ending) async throws {
        let fault = Fault(answer: .status(code: 413), request: .answerEarly(after: 0, then: ending))
        let (answer, record) = try await upload(fault, ["--expect100-timeout", "50"])
        #expect(answer.status == 413)
        #expect(answer.uploaded == 0)
        #expect(record.status == 413 && !record.isBodyComplete)
    }

    @Test("An early 413 in the middle of the body, without Expect", arguments: [RequestFault.Ending.halfClose, .reset])
    func early413InTheBody(ending: RequestFault.Ending) async throws {
        let fault = Fault(answer: .status(code: 413), request: .answerEarly(after: 200_000, then: ending))
        let (answer, record) = try await upload(fault, ["-H", "Expect:"])
        // After a reset the answer may be gone with the receive buffer.
        #expect(answer.status == 413 || ending == .reset && [55, 56].contains(answer.exit))
        #expect(answer.uploaded < large.count)
        #expect(record.status == 413 && record.bodyBytes >= 200_000)
    }

    @Test("100-continue is honoured, ignored or refused")
    func expectations() async throws {
        let honoured = try await upload(Fault())
        #expect(honoured.0.status == 400 && honoured.1.isBodyComplete)
        let ignored = try await upload(Fault(request: .ignoreExpect))
        #expect(ignored.0.status == 400 && ignored.1.isBodyComplete)
        // curl answers a 417 by sending again without the expectation, so that a second request follows.
        let refused = try await upload(Fault(request: .refuseExpect), ["--expect100-timeout", "50"])
        #expect(refused.1.status == 417 && refused.1.bodyBytes == 0)
    }

    @Test(
        "Answers that do not arrive whole",
        arguments: [
            (DeliveryFault.stallInHeaders, Int32(28)), (.stallAfter(bytes: 10), 28), (.closeAfter(bytes: 10), 18),
            (.resetAfter(bytes: 10), 56), (.chunkedWithoutEnd(thenClose: true), 18),
            (.chunkedWithoutEnd(thenClose: false), 28), (.contentLength(offBy: 5), 18),
        ])
    func cutAnswers(delivery: DeliveryFault, exit: Int32) async throws {
        // Long enough for the answer to begin on a busy machine.
        let result = try await submission(Fault(delivery: delivery), timeout: exit == 28 ? 5 : 60)
        #expect(result.answer.exit == exit)
        if exit == 28, delivery != .stallInHeaders { #expect(result.answer.status == 200) }
        #expect(result.record.wasCut)
        #expect(result.charges == 1)
    }

    @Test("A length that is too short cuts the JSON without any error of the transport")
    func shortLength() async throws {
        let result = try await submission(Fault(delivery: .contentLength(offBy: -5)))
        #expect(result.answer.exit == 0)
        #expect(result.answer.json == nil)
    }

    @Test("No length at all: the body ends with the connection")
    func untilClose() async throws {
        let result = try await submission(Fault(delivery: .untilClose))
        #expect(result.answer.exit == 0)
        #expect(result.answer.json?["status"] == "completed")
    }

    @Test("A gzip bomb is a small valid file that unpacks to what was ordered")
    func gzipBomb() async throws {
        let fault = Fault(delivery: .gzipBomb(unpackedBytes: 50_000_000))
        let unpacked = try await submission(fault, timeout: 60, ["--compressed"])
        #expect(unpacked.answer.exit == 0)
        #expect(unpacked.answer.body.count == 50_000_000)
        let packed = try await submission(fault)
        #expect(packed.answer.body.count < 400_000)
    }

    @Test("A slow drip arrives in the end")
    func drip() async throws {
        let result = try await submission(Fault(delivery: .drip(bytes: 40, milliseconds: 5)))
        #expect(result.answer.json?["status"] == "completed")
    }

    @Test("HTTP/2: a refused stream and a GOAWAY leave nothing charged, and neither is taken for an answer")
    func http2() async throws {
        try await withSimulator { simulator async throws in
            let url = (simulator.addresses.http2[.openai] ?? "") + "/images/generations"
            let body: JSON = ["model": "gpt-image-1.5", "prompt": "a cat"]
            let client = Client(simulator)
            #expect(try await client.post(url, body, key: "sk-main", ["--http2-prior-knowledge"]).status == 200)
            #expect(simulator.ledger.charges.count == 1)
            for delivery in [DeliveryFault.refuseStream, .goAway] {
                simulator.script(Rule(Fault(delivery: delivery), times: nil))
                let answer = try await client.post(url, body, key: "sk-main", ["--http2-prior-knowledge"])
                #expect(answer.exit != 0 && answer.status == 0)
                #expect(simulator.ledger.charges.count == 1)
                simulator.clearScript()
            }
        }
    }
}
