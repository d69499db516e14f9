// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugLedger

@Suite struct SQLArgumentsTests {
    @Test("Values are found in any order, again, and not under other names")
    func order() {
        let arguments: SQLArguments = ["a": 1, "b": "two", "c": nil as Int?, "d": [4] as [UInt8]]
        #expect(arguments.values(of: ["a", "b", "c", "d"]) == [.number(1), .text("two"), SQLValue.none, .bytes([4])])
        #expect(arguments.values(of: ["d", "a", "d", "c"]) == [.bytes([4]), .number(1), .bytes([4]), SQLValue.none])
        #expect(arguments.values(of: ["e", "b", ""]) == [nil, .text("two"), nil])
        #expect(arguments.values(of: []) == [])
    }

    @Test("Without values there are none")
    func empty() {
        let arguments: SQLArguments = [:]
        #expect(arguments.values(of: ["a", "b"]) == [nil, nil])
        #expect((arguments + arguments).values(of: ["a"]) == [nil])
    }

    @Test("Of two values of a name, that of the right counts")
    func sum() {
        let left: SQLArguments = ["a": 1, "b": 2, "c": 3]
        let both = left + ["b": 20, "d": 4]
        #expect(both.values(of: ["a", "b", "c", "d"]) == [.number(1), .number(20), .number(3), .number(4)])
        #expect(left.values(of: ["b"]) == [.number(2)])
        #expect((both + SQLArguments([("a", .text("x"))])).values(of: ["a", "b"]) == [.text("x"), .number(20)])
    }

    @Test("Any lists: the same as a dictionary", arguments: UInt64(0)..<40)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let names = (0..<20).map { "n\($0)" }.shuffled(using: &random)
        var (arguments, expected): (SQLArguments, [String: SQLValue]) = ([:], [:])
        for round in 0..<3 {
            let values = names.shuffled(using: &random).prefix(Int.random(in: 0...8, using: &random)).map { name in
                (name, SQLValue.number(Int.random(in: 0...99, using: &random) + round * 100))
            }
            arguments = arguments + SQLArguments(values)
            expected.merge(values) { $1 }
        }
        let asked = (0..<30).map { _ in "n\(Int.random(in: 0..<25, using: &random))" }
        #expect(arguments.values(of: asked) == asked.map { expected[$0] })
    }
}
