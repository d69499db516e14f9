// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// Scripting by rule, by header and through the admin endpoint.
@Suite struct ScriptTests {
    @Test("A rule skips, applies as often as it says, and is gone")
    func skipAndTimes() async throws {
        try await withSimulator { simulator async throws in
            let fault = Fault(answer: .status(code: 503))
            simulator.script(Rule(fault, service: .openai, path: "/v1/images/*", skip: 1, times: 2))
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try await Client(simulator).openAI().status) }
            #expect(statuses == [200, 503, 503, 200])
            #expect(simulator.remainingRules.isEmpty)
        }
    }

    @Test("A request brings its own fault, and a fault that cannot be read is no silent success")
    func header() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let fault = #"X-Snug-Fault: {"answer": {"status": {"code": 502}}, "takesEffect": true}"#
            #expect(try await client.openAI(["-H", fault]).status == 502)
            #expect(simulator.ledger.charges.count == 1)
            let misspelt = try await client.openAI(["-H", #"X-Snug-Fault: {"anser": {}}"#])
            #expect(misspelt.status == 500 && misspelt.text.contains("anser"))
        }
    }

    @Test("The admin endpoint scripts, moves the clock and reports without credentials")
    func admin() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let admin = simulator.addresses.admin
            let rule: JSON = ["service": "openai", "times": nil, "fault": ["answer": ["empty": ["status": 500]]]]
            #expect(try await client.post(admin + "/rules", rule, key: "").status == 204)
            #expect(try await client.openAI().status == 500)
            #expect(try await client.get(admin + "/rules").json?.array?.count == 1)
            #expect(try await client.get(admin + "/rules", ["-X", "DELETE"]).status == 204)
            #expect(try await client.openAI().status == 200)
            #expect(try await client.get(admin + "/ledger").json?["entries"]?.array?.count == 1)
            let requests = try await client.get(admin + "/requests")
            #expect(requests.json?.array?.count == 2)
            #expect(!requests.text.contains("sk-main"))
            let before = simulator.clock.seconds
            #expect(try await client.post(admin + "/clock", ["advance": 3600], key: "").status == 200)
            #expect(simulator.clock.seconds >= before + 3600)
            #expect(try await client.post(admin + "/rules", ["faults": []], key: "").status == 400)
            let base = try await client.get(admin + "/").json?["base"]
            #expect(base?["openai"]?.text == simulator.addresses[.openai])
        }
    }

    @Test("Rules survive being written as JSON and read again")
    func roundTrip() throws {
        let hints: [WaitHint] = [.retryAfterDate(seconds: -5), .shouldRetry(value: true)]
        let plan = JobPlan(pendingPolls: 2, outcome: .failed(text: "x"), stream: StreamPlan(comments: true))
        let rule = Rule(
            Fault(
                answer: .custom(status: 202, contentType: nil, body: "{}"), hints: hints, headers: ["A": "b"],
                request: .answerEarly(after: 3, then: .reset), delivery: .drip(bytes: 1, milliseconds: 2), delay: 4,
                job: plan, takesEffect: true), service: .media, method: "POST", path: "/upload", connection: .reused,
            skip: 1, times: nil)
        #expect(try AdminService.rules(encoded([rule])) == [rule])
    }

    @Test("Stopping does not wait for stalled connections")
    func stopsAtOnce() async throws {
        let simulator = try await Simulator.start()
        simulator.script(Rule(Fault(request: .stallAfterBody)))
        async let answer = Client(simulator).openAI()
        try await simulator.wait { $0.first?.isBodyComplete == true }
        await simulator.stop()
        #expect(try await answer.exit != 0)
        #expect(try await Client(simulator).openAI().exit == 7)
    }

    @Test(
        "Patterns of paths",
        arguments: [
            ("/a/b", "/a/b", true), ("/a/b", "/a/*", true), ("/a/b/c", "/a/*/c", true), ("/a/c", "/a/*/c", false),
            ("/a", "*", true), ("/aba", "/a*ba", true), ("/ab", "/ab*b", false), ("", "", true), ("/a", "/b*", false),
        ])
    func globs(path: String, pattern: String, fits: Bool) {
        #expect(path.matches(glob: pattern) == fits)
    }
}
