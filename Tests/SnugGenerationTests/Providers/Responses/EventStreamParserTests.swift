// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite struct EventStreamParserTests {
    private func parse(_ bytes: [UInt8]) throws -> [String] {
        let folder = try TemporaryFolder()
        let spool = SpoolDirectory(folder.path)
        var results: [[String]] = []
        for size in [1, 2, 3, 5, 7, 100_000] {
            var parser = EventStreamParser { JSONImageScanner(textLimit: 1000, makeFile: spool.create) }
            var events: [String] = []
            for piece in bytes.pieces(of: size) {
                events += try parser.consume(piece).map {
                    "\($0.name)|\(String(decoding: $0.data, as: UTF8.self))|\($0.images.count)"
                }
            }
            results.append(events)
        }
        let first = try #require(results.first)
        for result in results { #expect(result == first) }
        return first
    }

    @Test(
        "Events by the HTML standard's rules, wherever the bytes are cut",
        arguments: [
            ("data: a\n\n", ["|a|0"]),
            ("event: x\ndata: a\n\n", ["x|a|0"]),
            ("data: a\nevent: x\n\ndata: b\n\n", ["x|a|0", "|b|0"]),
            ("data: a\r\ndata: b\r\n\r\n", ["|a\nb|0"]),
            ("data: a\rdata: b\r\r", ["|a\nb|0"]),
            ("data: a\r\n\rdata: b\n\n", ["|a|0", "|b|0"]),
            (": comment\n\n:\n\ndata: a\n: within\ndata: b\n\n", ["|a\nb|0"]),
            ("data:a\ndata:  b\ndata\ndata:\n\n", ["|a\n b\n\n|0"]),
            ("data\n\n", ["||0"]),
            ("event: x\n\ndata: a\n\n", ["|a|0"]),
            ("event: x\nevent: y\ndata: a\n\n", ["y|a|0"]),
            ("id: 1\nretry: 5\nunknown: z\ndatax: q\nda: q\ndata: a:b\n\n", ["|a:b|0"]),
            ("data: a\n\ndata: unfinished", ["|a|0"]),
            ("data: a\n\ndata: unfinished\n", ["|a|0"]),
            ("\u{FEFF}data: a\n\n", ["|a|0"]),
            ("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", ["|b|0"]),
            (
                "data: {\"n\":\"préparé ☕\",\ndata: \"b64_json\":\"aGk=\"}\n\n",
                ["|{\"n\":\"préparé ☕\",\n\"b64_json\":\"\"}|1"]
            ),
            ("\n\n\n", []),
        ])
    func table(stream: String, events: [String]) throws {
        #expect(try parse(Array(stream.utf8)) == events)
    }
}
