// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Errors in every shape, each through the client. Every row of the table is in ``ClientStatusTests``.
@Suite struct ErrorConformanceTests {
    @Test("every status of the table has its row for each provider")
    func rows() {
        let statuses = [
            301, 307, 400, 401, 402, 403, 404, 408, 409, 412, 413, 414, 415, 422, 429, 499, 500, 501, 502,
            503, 504, 505, 520, 521, 522, 523, 524, 525, 526, 529,
        ]
        for provider in Dialects.names {
            let rows = StatusRow.all.filter { $0.provider == provider }.map(\.status)
            #expect(statuses.allSatisfy(rows.contains) && Set(rows).count == rows.count)
        }
    }

    @Test("201 and 202 with an image or a job are as good as 200", arguments: API.plain, [201, 202])
    func created(api: API, status: Int) async throws {
        try await Fixture.with(api) { fixture async throws in
            let image = png().bytes.base64
            let body =
                api == .elumenta
                ? #"{"id":7,"status":"completed","result_url":"data:image/png;base64,\#(image)","tokens_spent":1}"#
                : #"{"created":1,"data":[{"b64_json":"\#(image)"}]}"#
            fixture.simulator.script(api.rule(Fault(answer: .custom(status: status, contentType: nil, body: body))))
            #expect(await fixture.attempt(try fixture.client()).value?.images.count == 1)
            #expect(fixture.submissions.count == 1)
        }
    }

    private static let strange: [SubstituteResponse] = [
        .html(status: 402), .empty(status: 402), .wrongShape(status: 402), .truncatedJSON(status: 402),
        .huge(status: 402, bytes: 10_000_000),
        .custom(status: 402, contentType: "text/plain", body: "no money"),
        .custom(status: 402, contentType: nil, body: #"{"error":"no money"}"#),
        .custom(
            status: 402, contentType: nil, body: #"{"error":{"message":null,"type":null,"param":null,"code":null}}"#),
        .custom(status: 402, contentType: nil, body: "[[[[1]]]]"), .custom(status: 402, contentType: nil, body: "null"),
    ]

    @Test("HTML, empty, of the wrong shape, truncated, 10 MB: the status still counts", arguments: API.plain, strange)
    func bodies(api: API, answer: SubstituteResponse) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: answer)))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .paymentRequired && error.status == 402 && error.message.utf8.count < 1000)
            #expect(fixture.submissions.count == 1 && !error.isOutcomeUnknown)
        }
    }

    @Test(
        "the same with a success is no success", arguments: API.plain,
        [
            SubstituteResponse.html(status: 200), .empty(status: 200), .wrongShape(status: 200),
            .truncatedJSON(status: 200),
            .custom(status: 200, contentType: "text/plain", body: "OK"),
        ])
    func uselessSuccess(api: API, answer: SubstituteResponse) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: answer), times: nil))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.isOutcomeUnknown && fixture.images.isEmpty)
            #expect(fixture.submissions.count == (api == .pollinations ? 4 : 1))
        }
    }

    @Test("a redirect of a POST is not followed", arguments: API.plain, [301, 302, 303, 307, 308])
    func redirect(api: API, status: Int) async throws {
        try await Fixture.with(api) { fixture async throws in
            let place = fixture.simulator.addresses[.media] + "/elsewhere"
            fixture.simulator.script(api.rule(Fault(answer: .redirect(status: status, location: place))))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .badResponse && fixture.submissions.count == 1)
            #expect(!fixture.simulator.requests.contains { $0.service == .media })
        }
    }

    @Test(
        "a model behind the provider that is limited, or gone, is not ours", arguments: [401, 403, 404, 409, 415, 429])
    func upstream(status: Int) async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            let body =
                #"{"status":502,"success":false,"error":{"code":"BAD_GATEWAY","message":"Upstream error","details":"#
                + #"{"name":"UpstreamError","upstreamStatus":\#(status),"upstreamHost":"m","upstreamBody":"x"}}}"#
            fixture.simulator.script(
                API.pollinations.rule(Fault(answer: .custom(status: 502, contentType: nil, body: body))))
            let result = await fixture.attempt(try fixture.client())
            #expect((result.value == nil) == (status == 415) && fixture.submissions.count == (status == 415 ? 1 : 2))
        }
    }
}
