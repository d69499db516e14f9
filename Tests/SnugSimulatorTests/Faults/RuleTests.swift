// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Which requests meet a rule, and in what order rules are used up.
@Suite struct RuleTests {
    private let fault = Fault(answer: .status(code: 503))

    static let matching: [(Rule, Bool)] = {
        let fault = Fault()
        return [
            (Rule(fault), true), (Rule(fault, service: .openai), true), (Rule(fault, service: .elumenta), false),
            (Rule(fault, method: "POST"), true), (Rule(fault, method: "GET"), false),
            (Rule(fault, method: "post"), false), (Rule(fault, path: "/v1/images/generations"), true),
            (Rule(fault, path: "/v1/images/*"), true), (Rule(fault, path: "*/generations"), true),
            (Rule(fault, path: "/v1/*/gen*s"), true), (Rule(fault, path: "/v1/images/edits"), false),
            (Rule(fault, path: "/v1/images"), false), (Rule(fault, connection: .fresh), true),
            (Rule(fault, connection: .reused), false),
            (Rule(fault, service: .openai, method: "POST", path: "/v1/*", connection: .fresh), true),
            (Rule(fault, service: .openai, method: "POST", path: "/v2/*", connection: .fresh), false),
        ]
    }()

    @Test("A rule matches when everything that it names does", arguments: matching)
    func matches(rule: Rule, matches: Bool) {
        let found = rule.matches(
            service: .openai, method: "POST", path: "/v1/images/generations", connection: .fresh)
        #expect(found == matches)
    }

    static let globTable: [(String, String, Bool)] = [
        ("abc", "*", true), ("", "*", true), ("", "**", true), ("abc", "a*c", true), ("ac", "a*c", true),
        ("abcabc", "a*c", true), ("abcd", "a*c", false), ("aXbXc", "a*b*c", true), ("acb", "a*b*c", false),
        ("aa", "a*a", true), ("a", "a*a", false), ("aba", "a*b*a", true), ("ab", "a*b*a", false),
        ("mississippi", "m*iss*ip*i", true), ("mississippi", "m*iss*iss*iss*i", false), ("a*c", "a*c", true),
        ("a.c", "a.c", true), ("abc", "a.c", false), ("ABC", "abc", false), ("abc", "", false), ("/a/b/", "/*/", true),
    ]

    @Test("A star stands for any run of characters, also none", arguments: globTable)
    func globs(text: String, pattern: String, matches: Bool) {
        #expect(text.matches(glob: pattern) == matches)
    }

    /// The faults that `count` equal requests meet, as statuses; 0 for none.
    private func faults(_ rules: [Rule], count: Int) -> [Int] {
        let script = FaultScript()
        script.add(rules)
        return (0..<count).map { _ in
            let fault = script.take(service: .openai, method: "POST", path: "/v1/x", connection: .fresh)
            guard case .status(let code) = fault?.answer else { return 0 }
            return code
        }
    }

    private func rule(_ status: Int, skip: Int = 0, times: Int? = 1, method: String? = nil) -> Rule {
        Rule(Fault(answer: .status(code: status)), method: method, skip: skip, times: times)
    }

    @Test("A rule lets the first requests through, meets its number, and is used up")
    func counts() {
        #expect(faults([rule(500)], count: 3) == [500, 0, 0])
        #expect(faults([rule(500, skip: 2)], count: 4) == [0, 0, 500, 0])
        #expect(faults([rule(500, times: 2)], count: 4) == [500, 500, 0, 0])
        #expect(faults([rule(500, skip: 1, times: 2)], count: 4) == [0, 500, 500, 0])
        #expect(faults([rule(500, times: nil)], count: 5) == [500, 500, 500, 500, 500])
        #expect(faults([rule(500, skip: 3, times: nil)], count: 5) == [0, 0, 0, 500, 500])
    }

    @Test("Of several rules the first that fits applies, and the next one waits")
    func order() {
        #expect(faults([rule(500), rule(502), rule(503)], count: 4) == [500, 502, 503, 0])
        #expect(faults([rule(500, times: 2), rule(502)], count: 4) == [500, 500, 502, 0])
        #expect(faults([rule(500, times: nil), rule(502)], count: 3) == [500, 500, 500])
        #expect(faults([rule(500, method: "GET"), rule(502)], count: 2) == [502, 0])
    }

    @Test("A rule that still skips lets the next ones have the request")
    func skipping() {
        #expect(faults([rule(500, skip: 1), rule(502, times: nil)], count: 3) == [502, 500, 502])
        #expect(faults([rule(500, skip: 2), rule(502, skip: 1)], count: 4) == [0, 502, 500, 0])
    }

    @Test("A request that does not match uses nothing up")
    func mismatch() {
        let script = FaultScript()
        script.add([Rule(fault, service: .media, skip: 1)])
        for _ in 0..<3 {
            #expect(script.take(service: .openai, method: "GET", path: "/", connection: .fresh) == nil)
        }
        #expect(script.rules == [Rule(fault, service: .media, skip: 1)])
        #expect(script.take(service: .media, method: "GET", path: "/", connection: .fresh) == nil)
        #expect(script.rules == [Rule(fault, service: .media, skip: 0)])
        #expect(script.take(service: .media, method: "GET", path: "/", connection: .reused) == fault)
        #expect(script.rules.isEmpty)
    }

    @Test("Requests at once share a rule's number out among them")
    func concurrent() async {
        let script = FaultScript()
        script.add([rule(500, skip: 10, times: 25)])
        let hits = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { script.take(service: .openai, method: "GET", path: "/", connection: .fresh) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(hits == 25 && script.rules.isEmpty)
    }

    @Test("Connection faults are used up by service, those for any by whoever comes")
    func connections() {
        let script = FaultScript()
        script.add(.reset, service: .openai, times: 1)
        script.add(.close, service: nil, times: 2)
        script.add(.neverRead, service: .media, times: 0)
        script.add(.neverRead, service: .media, times: -1)
        #expect(script.takeConnectionFault(service: .media) == .close)
        #expect(script.takeConnectionFault(service: .openai) == .reset)
        #expect(script.takeConnectionFault(service: .openai) == .close)
        #expect(script.takeConnectionFault(service: .media) == nil)
        script.add(.reset, service: nil, times: 3)
        script.clear()
        #expect(script.takeConnectionFault(service: .openai) == nil)
    }
}
