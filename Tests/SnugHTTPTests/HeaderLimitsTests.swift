// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite("Heads at their limits") struct HeaderLimitsTests {
    private func take(_ text: String, into parser: inout HeaderParser) -> HeaderParser.Event {
        parser.take(Array(text.utf8))
    }

    @Test("A head of exactly the limit is read, and a byte more is refused")
    func size() {
        for extra in 0...1 {
            var parser = HeaderParser()
            let start = "HTTP/1.1 200 OK\r\n"
            #expect(take(start, into: &parser) == .none)
            let room = HeaderParser.byteLimit - start.utf8.count - "\r\n".utf8.count
            let field = "X: " + String(repeating: "a", count: room - "X: \r\n".utf8.count + extra) + "\r\n"
            #expect(take(field, into: &parser) == .none)
            let event = take("\r\n", into: &parser)
            if extra == 0 {
                guard case .final(let head) = event else {
                    Issue.record("\(event)")
                    return
                }
                #expect(head.headerFields[named: "X"]?.utf8.count == room - "X: \r\n".utf8.count)
            } else {
                #expect(event == .refused)
            }
        }
    }

    @Test("Interim responses that have been passed on do not count, however many come; the last are kept")
    func interim() {
        var parser = HeaderParser()
        for number in 0..<5_000 {
            #expect(take("HTTP/1.1 104 Upload Resumption Supported\r\n", into: &parser) == .none)
            #expect(take("Upload-Offset: \(number)\r\n", into: &parser) == .none)
            guard case .interim(let response) = take("\r\n", into: &parser) else {
                Issue.record("\(number)")
                return
            }
            #expect(response.headerFields.integer(.init(literal: "Upload-Offset")) == number)
        }
        #expect(parser.interim.count == HeaderParser.interimLimit && parser.head == nil)
        #expect(parser.interim.last?.headerFields[named: "Upload-Offset"] == "4999")
        _ = take("HTTP/1.1 201 Created\r\n", into: &parser)
        #expect(take("\r\n", into: &parser) == .final(HTTPResponse(status: 201)))
    }

    @Test("A switch of protocols is no interim response")
    func switching() {
        var parser = HeaderParser()
        _ = take("HTTP/1.1 101 Switching Protocols\r\n", into: &parser)
        #expect(take("\r\n", into: &parser) == .final(HTTPResponse(status: 101)))
        #expect(parser.interim.isEmpty)
    }

    @Test("Fields outside of a head, as trailers come, belong to nothing")
    func trailers() {
        var parser = HeaderParser()
        #expect(take("X: early\r\n", into: &parser) == .none && take("\r\n", into: &parser) == .none)
        _ = take("HTTP/1.1 200 OK\r\n", into: &parser)
        _ = take("\r\n", into: &parser)
        #expect(take("X: late\r\n", into: &parser) == .none && take("\r\n", into: &parser) == .none)
        #expect(parser.head?.headerFields.isEmpty == true)
    }

    /// Status lines by RFC 9112 §4 and the versions after it.
    static let statusLines: [(String, Int?)] = [
        ("HTTP/1.1 200 OK", 200), ("HTTP/1.0 599", 599), ("HTTP/2 204", 204), ("HTTP/3 100 ", 100),
        ("HTTP/1.1 404 Not Found At All", 404), ("HTTP/1.1  200 OK", 200), ("HTTP/1.1 099 x", nil),
        ("HTTP/1.1 600 x", nil), ("HTTP/1.1 20 x", nil), ("HTTP/1.1 0200 x", nil), ("HTTP/1.1 +20 x", nil),
        ("HTTP/1.1 -20 x", nil), ("HTTP/1.1 2\u{660}0 x", nil), ("HTTP/1.1 ok", nil), ("HTTP/", nil), ("HTTP/1.1", nil),
    ]

    @Test("A status is three digits from 100 to 599", arguments: statusLines.indices)
    func status(row: Int) {
        let (line, status) = Self.statusLines[row]
        var parser = HeaderParser()
        let event = take(line + "\r\n", into: &parser)
        guard let status else {
            #expect(event == .refused, "\(line)")
            return
        }
        #expect(event == .none)
        let end = take("\r\n", into: &parser)
        let response = HTTPResponse(status: .init(code: status))
        #expect(end == (status < 200 ? .interim(response) : .final(response)), "\(line)")
    }

    @Test("Whatever bytes come, in lines of any length, a head is read or refused", arguments: UInt64(0)..<10)
    func noise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var parser = HeaderParser()
            _ = take("HTTP/1.1 200 OK\r\n", into: &parser)
            for _ in 0..<20 {
                let line = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    // Many of the bytes that mean something.
                    Bool.random(using: &random)
                        ? UInt8.random(in: 0...255, using: &random)
                        : [UInt8(58), 32, 9, 13, 10, 72].randomElement(using: &random) ?? 58
                }
                _ = parser.take(line + [13, 10])
            }
            for field in parser.head?.headerFields ?? [:] {
                #expect(!field.value.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 })
            }
        }
    }
}

@Suite("Stalls, moment by moment") struct StallRulesTests {
    private let start = ContinuousClock.now

    @Test(
        "Only sending and receiving can stall",
        arguments: [
            (StallWatch.Phase.connecting, false), (.sending, true), (.waiting, false), (.receiving, true),
        ])
    func phases(phase: StallWatch.Phase, canStall: Bool) {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(phase, bytesMoved: 0, heldBack: false, now: start)
        #expect((watch.expiry != nil) == canStall && watch.phase == phase)
        var patient = StallWatch(timeout: nil, start: start)
        patient.observe(phase, bytesMoved: 0, heldBack: false, now: start)
        #expect(patient.expiry == nil)
    }

    @Test("A byte each time just before the end keeps a slow connection for ever")
    func slow() {
        var watch = StallWatch(timeout: .seconds(20), start: start)
        watch.observe(.receiving, bytesMoved: 0, heldBack: false, now: start)
        for byte in 1...1000 {
            let now = start + .seconds(19) * byte
            #expect(watch.expiry.map { $0 > now } == true)
            watch.observe(.receiving, bytesMoved: byte, heldBack: false, now: now)
        }
        #expect(watch.expiry == start + .seconds(19_000 + 20))
    }
}
