// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite(.serialized) struct MediaHostTests {
    private func host(_ simulator: Simulator, key: String = "sk_paid") throws -> PollinationsMediaHost {
        try PollinationsMediaHost(
            client: try makeClient(), key: Secret(key), baseURL: simulator.addresses[.media],
            policy: RetryPolicy(maximumAttempts: 3, firstDelay: .zero, throttledDelay: .zero))
    }

    @Test("The same image has one address, however often it is hosted, and Elumenta takes it")
    func once() async throws {
        try await withSimulator { simulator async throws in
            let host = try host(simulator)
            let first = try await host.host(png())
            #expect(first.hasPrefix(simulator.addresses[.media] + "/"))
            #expect(try await host.host(png()) == first)
            #expect(try await host.host(png(width: 9)) != first)
            let stored = try await makeClient().send(ClientRequest("GET", try HTTPURL(first)))
            #expect(stored.body == png().bytes && stored.headerFields["Content-Type"] == "image/png")
            #expect(
                simulator.requests.map { "\($0.method) \($0.status ?? 0)" }.prefix(3) == [
                    "POST 200", "POST 409", "HEAD 200",
                ])
            // Reading needs no key, so none is sent.
            #expect(simulator.requests.allSatisfy { $0.method == "POST" || $0.headers["Authorization"] == nil })
            let simulated = try SimulatedDialect(simulator, "elumenta")
            let edit = GenerationRequest(prompt: "a", model: "flux-kontext-pro")
            #expect(try await simulated.submit(job(edit, images: [.url(first)])).kind == .completed)
        }
    }

    @Test("An upload whose response was lost is found, not doubled")
    func lostAnswer() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .media))
            let address = try await host(simulator).host(png())
            #expect(try await makeClient().send(ClientRequest("GET", try HTTPURL(address))).body == png().bytes)
            #expect(simulator.requests.map(\.method) == ["POST", "POST", "HEAD", "GET"])
        }
    }

    @Test("A hosted image with the same id has to have the same length")
    func otherSize() async throws {
        try await withSimulator { simulator async throws in
            let host = try host(simulator)
            _ = try await host.host(png())
            simulator.script(Rule(Fault(headers: ["X-Content-Size": "5"]), service: .media, method: "HEAD"))
            let error = await #expect(throws: GenerationError.self) { try await host.host(png()) }
            #expect(error?.code == .imageFailed)
        }
    }

    private static let failures: [(SubstituteResponse, GenerationError.Code)] = [
        (.status(code: 413), .payloadTooLarge), (.status(code: 401), .notAuthenticated),
        (.status(code: 400), .imageFailed),
        (.custom(status: 200, contentType: nil, body: "{}"), .badResponse), (.echoesKey(status: 400), .imageFailed),
    ]

    @Test("Failures say why, and no key", arguments: failures)
    func refused(answer: SubstituteResponse, code: GenerationError.Code) async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(answer: answer), service: .media))
            let host = try host(simulator)
            let error = await #expect(throws: GenerationError.self) { try await host.host(png()) }
            #expect(error?.code == code && error?.message.contains("sk_paid") == false)
            #expect(simulator.requests.count == 1)
        }
    }

    @Test("A host that is busy is asked again")
    func busy() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(answer: .status(code: 500)), service: .media, times: 2))
            _ = try await host(simulator).host(png())
            #expect(simulator.requests.count == 3)
        }
    }

    @Test("Too many bytes are not even sent")
    func tooMany() async throws {
        try await withSimulator { simulator async throws in
            let image = FittedInput(
                bytes: [UInt8](repeating: 0, count: PollinationsMediaHost.byteLimit + 1), mediaType: "image/png",
                name: "x")
            let host = try host(simulator)
            let error = await #expect(throws: GenerationError.self) { try await host.host(image) }
            #expect(error?.code == .payloadTooLarge && simulator.requests.isEmpty)
        }
    }
}
