// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Scripts as JSON: what they mean, and what is refused with a reason.
@Suite struct ScriptCodingTests {
    private func rules(_ text: String) throws -> [Rule] { try AdminService.rules(Array(text.utf8)) }

    // MARK: Meanings

    static let faultTable: [(String, Fault)] = [
        ("{}", Fault()), (#"{"delay": 5}"#, Fault(delay: 5)), (#"{"takesEffect": true}"#, Fault(takesEffect: true)),
        (#"{"headers": {"B": "2", "A": "1"}}"#, Fault(headers: ["A": "1", "B": "2"])),
        (#"{"answer": {"status": {"code": 503}}}"#, Fault(answer: .status(code: 503))),
        (#"{"answer": {"named": {"code": "token_expired"}}}"#, Fault(answer: .named(code: "token_expired"))),
        (#"{"answer": {"html": {"status": 502}}}"#, Fault(answer: .html(status: 502))),
        (#"{"answer": {"empty": {"status": 500}}}"#, Fault(answer: .empty(status: 500))),
        (#"{"answer": {"wrongShape": {"status": 200}}}"#, Fault(answer: .wrongShape(status: 200))),
        (#"{"answer": {"truncatedJSON": {"status": 429}}}"#, Fault(answer: .truncatedJSON(status: 429))),
        (#"{"answer": {"huge": {"status": 500, "bytes": 9}}}"#, Fault(answer: .huge(status: 500, bytes: 9))),
        (#"{"answer": {"echoesKey": {"status": 401}}}"#, Fault(answer: .echoesKey(status: 401))),
        (
            #"{"answer": {"redirect": {"status": 307, "location": "/x"}}}"#,
            Fault(answer: .redirect(status: 307, location: "/x"))
        ),
        (
            #"{"answer": {"custom": {"status": 201, "body": "{}"}}}"#,
            Fault(answer: .custom(status: 201, contentType: nil, body: "{}"))
        ),
        (
            #"{"answer": {"custom": {"status": 201, "body": "x", "contentType": "text/plain"}}}"#,
            Fault(answer: .custom(status: 201, contentType: "text/plain", body: "x"))
        ),
        (#"{"request": {"stallAfterHeaders": {}}}"#, Fault(request: .stallAfterHeaders)),
        (#"{"request": {"stallAfter": {"bytes": 3}}}"#, Fault(request: .stallAfter(bytes: 3))),
        (#"{"request": {"resetAfter": {"bytes": 3}}}"#, Fault(request: .resetAfter(bytes: 3))),
        (#"{"request": {"closeAfterBody": {}}}"#, Fault(request: .closeAfterBody)),
        (#"{"request": {"resetAfterBody": {}}}"#, Fault(request: .resetAfterBody)),
        (#"{"request": {"stallAfterBody": {}}}"#, Fault(request: .stallAfterBody)),
        (
            #"{"request": {"answerEarly": {"after": 0, "then": "halfClose"}}}"#,
            Fault(request: .answerEarly(after: 0, then: .halfClose))
        ),
        (#"{"request": {"ignoreExpect": {}}}"#, Fault(request: .ignoreExpect)),
        (#"{"request": {"refuseExpect": {}}}"#, Fault(request: .refuseExpect)),
        (#"{"delivery": {"stallInHeaders": {}}}"#, Fault(delivery: .stallInHeaders)),
        (#"{"delivery": {"closeAfter": {"bytes": 1}}}"#, Fault(delivery: .closeAfter(bytes: 1))),
        (#"{"delivery": {"resetAfter": {"bytes": 1}}}"#, Fault(delivery: .resetAfter(bytes: 1))),
        (#"{"delivery": {"contentLength": {"offBy": -5}}}"#, Fault(delivery: .contentLength(offBy: -5))),
        (
            #"{"delivery": {"chunkedWithoutEnd": {"thenClose": true}}}"#,
            Fault(delivery: .chunkedWithoutEnd(thenClose: true))
        ),
        (#"{"delivery": {"untilClose": {}}}"#, Fault(delivery: .untilClose)),
        (#"{"delivery": {"gzipBomb": {"unpackedBytes": 7}}}"#, Fault(delivery: .gzipBomb(unpackedBytes: 7))),
        (
            #"{"delivery": {"drip": {"bytes": 1, "milliseconds": 2}}}"#,
            Fault(delivery: .drip(bytes: 1, milliseconds: 2))
        ),
        (#"{"delivery": {"refuseStream": {}}}"#, Fault(delivery: .refuseStream)),
        (#"{"delivery": {"goAway": {}}}"#, Fault(delivery: .goAway)),
        (#"{"hints": [{"retryAfter": {"text": "7"}}]}"#, Fault(hints: [.retryAfter(text: "7")])),
        (#"{"hints": [{"retryAfterDate": {"seconds": -9}}]}"#, Fault(hints: [.retryAfterDate(seconds: -9)])),
        (
            #"{"hints": [{"bodyRetryAfter": {"seconds": 1.5}}, {"shouldRetry": {"value": false}}]}"#,
            Fault(hints: [.bodyRetryAfter(seconds: 1.5), .shouldRetry(value: false)])
        ),
        (#"{"hints": [{"resetHour": {"seconds": 60}}]}"#, Fault(hints: [.resetHour(seconds: 60)])),
        (#"{"job": {}}"#, Fault(job: JobPlan())),
        (#"{"job": {"picture": "truncated", "padding": 9}}"#, Fault(job: JobPlan(image: .truncated, padding: 9))),
        (
            #"{"job": {"outcome": {"failed": {"text": "x"}}, "identifier": "prefixed"}}"#,
            Fault(job: JobPlan(outcome: .failed(text: "x"), identifier: .prefixed))
        ),
        (#"{"job": {"outcome": {"neverEnds": {}}}}"#, Fault(job: JobPlan(outcome: .neverEnds))),
        (
            #"{"job": {"outcome": {"unknownWord": {"word": "w"}}, "pendingPolls": 2}}"#,
            Fault(job: JobPlan(pendingPolls: 2, outcome: .unknownWord(word: "w")))
        ),
        (
            #"{"job": {"urlLifetime": 60, "redirects": 2, "acceptsRanges": false, "duration": 5}}"#,
            Fault(job: JobPlan(urlLifetime: 60, redirects: 2, acceptsRanges: false, duration: 5))
        ),
        (
            #"{"job": {"stream": {"comments": true, "carriageReturns": true}}}"#,
            Fault(job: JobPlan(stream: StreamPlan(comments: true, carriageReturns: true)))
        ),
    ]

    @Test("A fault means what its members say, and comes back from its own JSON", arguments: faultTable)
    func faults(text: String, fault: Fault) throws {
        let rule = try #require(try rules("{\"fault\": \(text)}").first)
        #expect(rule == Rule(fault))
        #expect(try AdminService.rules(encoded([rule])) == [rule])
    }

    @Test("A rule applies once unless it says otherwise; null is for ever")
    func times() throws {
        #expect(try rules(#"{"fault": {}}"#).map(\.times) == [1])
        #expect(try rules(#"{"fault": {}, "times": 3}"#).map(\.times) == [3])
        #expect(try rules(#"{"fault": {}, "times": null}"#).map(\.times) == [nil])
    }

    @Test("A rule names its requests")
    func members() throws {
        let text = #"""
            {"fault": {}, "service": "media", "method": "POST", "path": "/upload", "connection": "reused", "skip": 2}
            """#
        let expected = Rule(Fault(), service: .media, method: "POST", path: "/upload", connection: .reused, skip: 2)
        #expect(try rules(text) == [expected])
    }

    @Test("A script is one rule or a list of them, in order")
    func lists() throws {
        #expect(try rules("[]").isEmpty)
        let text = #"[{"fault": {"delay": 1}}, {"fault": {"delay": 2}}]"#
        #expect(try rules(text).map(\.fault.delay) == [1, 2])
    }

    // MARK: Refusals

    /// A script, and a word that the reason contains.
    static let refusalTable: [(String, String)] = [
        ("", ""), ("5", ""), (#""rule""#, ""), ("{}", "fault"), (#"{"fault": 5}"#, ""), (#"{"fault": []}"#, ""),
        (#"{"fault": {}, "tmies": 1}"#, "tmies"), (#"{"fault": {"anser": {}}}"#, "anser"),
        (#"{"fault": {"job": {"polls": 1}}}"#, "polls"), (#"{"fault": {"job": {"image": "html"}}}"#, "image"),
        (#"{"fault": {"job": {"stream": {"comment": true}}}}"#, "comment"),
        (#"{"fault": {}, "service": "dalle"}"#, "dalle"),
        (#"{"fault": {}, "connection": "old"}"#, "old"), (#"{"fault": {}, "skip": "1"}"#, "skip"),
        (#"{"fault": {}, "times": 1.5}"#, ""), (#"{"fault": {}, "method": 5}"#, "method"),
        (#"{"fault": {"delay": "5"}}"#, "delay"), (#"{"fault": {"takesEffect": 1}}"#, "takesEffect"),
        (#"{"fault": {"headers": {"A": 1}}}"#, ""), (#"{"fault": {"headers": ["A"]}}"#, ""),
        (#"{"fault": {"answer": {"status": {}}}}"#, "code"), (#"{"fault": {"answer": {"none": {}}}}"#, ""),
        (#"{"fault": {"answer": {"status": {"code": 1}, "html": {"status": 2}}}}"#, ""),
        (#"{"fault": {"request": {"answerEarly": {"after": 1, "then": "explode"}}}}"#, "explode"),
        (#"{"fault": {"delivery": {"drip": {"bytes": 1}}}}"#, "milliseconds"),
        (#"{"fault": {"hints": {"retryAfter": {"text": "1"}}}}"#, ""),
        (#"{"fault": {"job": {"picture": "jpeg"}}}"#, "jpeg"), (#"{"fault": {"job": {"outcome": "failed"}}}"#, ""),
        (#"[{"fault": {}}, {"fault": {"x": 1}}]"#, "x"),
    ]

    @Test("A script that cannot be read is refused whole, with a reason that names the member", arguments: refusalTable)
    func refusals(text: String, word: String) async throws {
        let error = #expect(throws: (any Error).self) { try rules(text) }
        let reason = "\(try #require(error))"
        #expect(word.isEmpty || reason.contains(word))
        let client = DirectClient()
        let reply = await client.providers.admin.respond(
            to: Request(number: 1, method: "POST", target: "/rules", headers: [:], body: Array(text.utf8)),
            plan: JobPlan())
        #expect(reply.status == 400 && (word.isEmpty || reply.word?.contains(word) == true))
        #expect(client.world.script.rules.isEmpty)
    }

    @Test("An unknown member is told what is known")
    func suggestions() throws {
        let error = #expect(throws: DecodingError.self) { try rules(#"{"fault": {"anser": {}}}"#) }
        let text = "\(try #require(error))"
        for name in ["takesEffect", "answer", "hints", "headers", "request", "delivery", "delay", "job"] {
            #expect(text.contains(name))
        }
    }
}
