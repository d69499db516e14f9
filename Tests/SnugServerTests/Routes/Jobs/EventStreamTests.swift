// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct EventStreamTests {
    /// The texts that a stream sends for states at seconds after its start.
    private static func texts(after lastID: String? = nil, _ states: [(JSONValue, Int)]) -> [String?] {
        let start = ContinuousClock.now
        var stream = EventStream(after: lastID)
        return states.map { state, seconds in
            stream.text(for: state, event: "state", now: start + .seconds(seconds))
        }
    }

    @Test("A state is sent when it changed, and a comment after fifteen seconds without one")
    func changes() throws {
        let texts = Self.texts([
            (["a": 1], 0), (["a": 1], 14), (["a": 1], 15), (["a": 1], 29), (["a": 2], 29), (["a": 2], 43),
        ])
        let first = try #require(texts[0])
        #expect(first.hasPrefix("id: ") && first.hasSuffix("\nevent: state\ndata: {\"a\":1}\n\n"))
        #expect(texts[1] == nil)
        #expect(texts[2] == ": nothing new\n\n")
        #expect(texts[3] == nil)
        #expect(texts[4]?.contains("{\"a\":2}") == true)
        #expect(texts[5] == nil)
    }

    @Test("A client that comes back gets what it missed, and nothing twice")
    func resumes() throws {
        let text = try #require(Self.texts([(["a": "x\ny"], 0)])[0])
        #expect(text.split(separator: "\n").count == 3, "a line break in a value breaks no event")
        let id = try #require(text.firstMatch(of: /^id: ([0-9a-f]{16})\n/)).output.1
        #expect(Self.texts(after: String(id), [(["a": "x\ny"], 0)])[0] == ": nothing new\n\n")
        #expect(Self.texts(after: String(id), [(["a": "z"], 0)])[0]?.hasPrefix("id: ") == true)
    }
}
