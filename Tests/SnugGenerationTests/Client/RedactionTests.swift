// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// Keys come out of nothing: no log line, no error, no event, no file.
@Suite struct RedactionTests {
    private static let faults: [Fault?] = [
        nil, Fault(answer: .echoesKey(status: 401)), Fault(answer: .echoesKey(status: 400)),
        Fault(answer: .echoesKey(status: 429)), Fault(answer: .echoesKey(status: 500)),
        Fault(answer: .echoesKey(status: 200)), Fault(answer: .echoesKey(status: 503)),
        Fault(request: .closeAfterBody), Fault(delivery: .closeAfter(bytes: 30)),
    ]

    @Test("Keys reach no log line, no error, no event and no journal", arguments: API.plain, faults)
    func key(api: API, fault: Fault?) async throws {
        try await Fixture.with(api) { fixture async throws in
            let lines = LogLines()
            if let fault { fixture.simulator.script(api.rule(fault, times: nil)) }
            var configuration = HTTPClientConfiguration()
            configuration.proxy = .none
            configuration.retryEnvironment.sleep = { _ in }
            let http = try HTTPClient(configuration: configuration, logger: lines.logger, metrics: noMetrics)
            let client = try fixture.client(
                http: http, journal: try await openJournal(fixture.folder.path.appending("journal")),
                stores: try await openStores(fixture.folder.path.appending("state")), logger: lines.logger)
            let result = await fixture.attempt(client, name: "work")
            #expect((result.value != nil) == (fault == nil) || fault?.answer == nil)
            var told = lines.all + fixture.events.all.map { String(reflecting: $0) }
            told.append(String(reflecting: result))
            if let error = result.error { told += [error.description, error.message, String(reflecting: error)] }
            told += try await client.pending().map { String(reflecting: $0) }
            told += [client.counters.report, client.context.account, String(reflecting: client)]
            var mirror = ""
            dump(client, to: &mirror)
            told.append(mirror)
            for name in fixture.folder.files() where !name.hasPrefix("out/") {
                told.append(String(decoding: try bytes(of: fixture.folder.path.appending(name)), as: UTF8.self))
            }
            #expect(lines.all.count > 3 && told.contains { $0.contains("a cat") || $0.contains("work") })
            // In no form: whole, without its prefix, or encoded.
            let secret = api.key
            for text in told {
                #expect(
                    !text.contains(secret) && !text.contains(Array(secret.utf8).base64.prefix(8)), "\(text.prefix(300))"
                )
            }
        }
    }

    @Test("Tokens of a session are never printed either")
    func tokens() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let lines = LogLines()
            fixture.simulator.script(
                API.elumenta.rule(Fault(answer: .named(code: "token_expired")), times: nil),
                Rule(Fault(answer: .echoesKey(status: 401)), service: .elumenta, path: "*/auth/refresh"))
            let tokens = SessionTokens(access: Secret("access-token-one"), refresh: Secret("refresh-token-one"))
            let client = try fixture.client(session: InMemorySession(tokens), logger: lines.logger)
            let error = try await fixture.failure(client)
            let told = lines.all + [String(reflecting: error), error.message] + fixture.events.all.map { "\($0)" }
            #expect(error.code == .notAuthenticated)
            #expect(told.allSatisfy { !$0.contains("access-token-one") && !$0.contains("refresh-token-one") })
        }
    }

    @Test("Images come out of no message")
    func images() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let lines = LogLines()
            let image = String(imageBytes(3000).base64)
            fixture.simulator.script(
                API.openAI.rule(
                    Fault(
                        answer: .custom(
                            status: 400, contentType: nil,
                            body: #"{"error":{"message":"bad image data:image/png;base64,\#(image)"}}"#))))
            let error = try await fixture.failure(try fixture.client(logger: lines.logger))
            let told = lines.all + [String(reflecting: error)]
            #expect(error.message.contains("bad image") && told.allSatisfy { !$0.contains(image.prefix(60)) })
        }
    }
}
