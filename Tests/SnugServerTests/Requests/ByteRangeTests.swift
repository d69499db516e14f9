// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct ByteRangeTests {
    @Test(
        "The examples of RFC 9110 §14.1.2 are read, of a file of 10,000 bytes",
        arguments: [
            ("bytes=0-499", 0..<500), ("bytes=500-999", 500..<1000), ("bytes=-500", 9500..<10_000),
            ("bytes=9500-", 9500..<10_000), ("bytes=0-0", 0..<1), ("bytes=-1", 9999..<10_000),
            // Beyond the end: what there is.
            ("bytes=9999-20000", 9999..<10_000), ("bytes=0-", 0..<10_000), ("bytes=-20000", 0..<10_000),
            ("bytes=0-9223372036854775807", 0..<10_000), ("bytes=0-99999999999999999999999", 0..<10_000),
            ("bytes=-99999999999999999999999", 0..<10_000), ("BYTES=0-1", 0..<2), ("bytes= 0-1 ", 0..<2),
            ("bytes=007-0008", 7..<9),
        ])
    func ranges(text: String, expected: Range<Int>) throws {
        #expect(try #require(ByteRange(text)).bytes(of: 10_000) == expected)
    }

    @Test(
        "A range of which the file has nothing cannot be satisfied",
        arguments: ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999999-"])
    func unsatisfiable(text: String) throws {
        let range = try #require(ByteRange(text))
        #expect(range.bytes(of: 10_000) == nil)
        #expect(range.bytes(of: 0) == nil)
    }

    @Test(
        "Other units, several ranges and what is no range are as if they were not there",
        arguments: [
            "", "bytes", "bytes=", "bytes=-", "bytes=0-0,-1", "bytes=0-1, 4-5", "bytes=5-4", "bytes=a-b", "bytes=0x0-1",
            "bytes=+1-2", "bytes=--1", "bytes=1-2-3", "bytes 0-1", "items=0-1", "bytes=0 - 1", "bytes=\u{0661}-", "0-1",
        ])
    func ignored(text: String) { #expect(ByteRange(text) == nil) }

    @Test("Any range of any file is within it, and is that of the formula", arguments: [0, 1, 2, 7])
    func bounds(length: Int) throws {
        for first in 0...9 {
            let rest = try #require(ByteRange("bytes=\(first)-"))
            #expect(rest.bytes(of: length) == (first < length ? first..<length : nil))
            let suffix = try #require(ByteRange("bytes=-\(first)"))
            #expect(
                suffix.bytes(of: length) == (min(first, length) > 0 ? length - min(first, length)..<length : nil))
            for last in first...9 {
                let some = try #require(ByteRange("bytes=\(first)-\(last)")).bytes(of: length)
                #expect(some.map(Array.init) ?? [] == (first...last).filter { $0 < length })
            }
        }
    }
}
