// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

@Suite struct ResponsePipeTests {
    private func offer(_ bytes: [UInt8], to pipe: ResponsePipe) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe pipe.offer($0) }
    }

    @Test("Pieces come in the order in which they were offered, then the end")
    func order() async throws {
        let pipe = ResponsePipe {}
        pipe.deliver(HTTPResponse(status: 200))
        #expect(offer([1], to: pipe) && offer([2, 3], to: pipe))
        pipe.end(nil)
        #expect(try await pipe.head().status == 200)
        #expect(try await pipe.next() == [1])
        #expect(try await pipe.next() == [2, 3])
        for _ in 0..<2 { #expect(try await pipe.next() == nil) }
    }

    @Test("A full pipe takes nothing more, and wakes the transfer once half of it is read")
    func bound() async throws {
        let count = Mutex(0)
        let pipe = ResponsePipe { count.withLock { $0 += 1 } }
        let piece = [UInt8](repeating: 7, count: ResponsePipe.capacity / 4)
        for _ in 0..<4 { #expect(offer(piece, to: pipe)) }
        #expect(!offer(piece, to: pipe))
        _ = try await pipe.next()
        #expect(count.withLock { $0 } == 0)
        _ = try await pipe.next()
        #expect(count.withLock { $0 } == 1)
        #expect(offer(piece, to: pipe))
    }

    @Test("A failure comes after the bytes before it, every time it is asked for")
    func failure() async throws {
        let pipe = ResponsePipe {}
        pipe.deliver(HTTPResponse(status: 200))
        #expect(offer([1], to: pipe))
        pipe.end(HTTPError(.responseCut, "cut"))
        #expect(try await pipe.next() == [1])
        for _ in 0..<2 {
            let error = await #expect(throws: HTTPError.self) { try await pipe.next() }
            #expect(error?.code == .responseCut)
        }
    }

    private func all(_ pipe: ResponsePipe) async throws -> [[UInt8]] {
        _ = try await pipe.head()
        var pieces: [[UInt8]] = []
        while let piece = try await pipe.next() { pieces.append(piece) }
        return pieces
    }

    @Test("A reader that waits gets the head, the bytes and the end as they come")
    func waiting() async throws {
        let pipe = ResponsePipe {}
        async let read = all(pipe)
        await Task.yield()
        pipe.deliver(HTTPResponse(status: 206))
        for number in 0..<50 {
            while !offer([UInt8(number)], to: pipe) { await Task.yield() }
            if number.isMultiple(of: 7) { await Task.yield() }
        }
        pipe.end(nil)
        #expect(try await read == (0..<50).map { [UInt8($0)] })
    }

    @Test("An end without a head is an error", arguments: [true, false])
    func withoutHead(isFailure: Bool) async {
        let pipe = ResponsePipe {}
        pipe.end(isFailure ? HTTPError(.connectionLost, "lost") : nil)
        let error = await #expect(throws: HTTPError.self) { try await pipe.head() }
        #expect(error?.code == (isFailure ? .connectionLost : .malformedResponse))
    }
}

@Suite struct HeaderParsingTests {
    private func run(_ text: String) -> (HeaderParser, [HeaderParser.Event]) {
        var parser = HeaderParser()
        // By bytes: a carriage return and a line feed are one character.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let events = lines.map { parser.take(Array($0) + [UInt8(ascii: "\n")]) }
        return (parser, events)
    }

    @Test("Order and repetition of fields survive")
    func repetition() throws {
        let (parser, _) = run("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX: y\r\nset-cookie: b=2; c\r\n\r")
        let fields = try #require(parser.head).headerFields
        #expect(fields[values: "Set-Cookie"] == ["a=1", "b=2; c"])
        #expect(fields.map(\.name.rawName) == ["Set-Cookie", "X", "set-cookie"])
    }

    @Test("Blanks around a value do not belong to it, those within do")
    func blanks() {
        let (parser, _) = run("HTTP/1.1 200 OK\r\nA: \t x  y \t\r\nB:\r\nC:z\r\n\r")
        let fields = parser.head?.headerFields
        #expect(fields?["A"] == "x  y" && fields?["B"] == "" && fields?["C"] == "z")
    }

    @Test("A line that is no field is left out, and the others stay")
    func malformedLines() {
        let (parser, events) = run("HTTP/1.1 200 OK\r\nno field\r\nA B: 1\r\n: 2\r\nC: 3\r\n\r")
        #expect(parser.head?.headerFields.map(\.value) == ["3"])
        #expect(!events.contains(.refused))
    }

    @Test("A value in another encoding than UTF-8 keeps its bytes")
    func latin1() throws {
        var parser = HeaderParser()
        _ = parser.take(Array("HTTP/1.1 200 OK\r\n".utf8))
        _ = parser.take(Array("A: ".utf8) + [0xE9] + Array("\r\n".utf8))
        _ = parser.take(Array("\r\n".utf8))
        let field = try #require(parser.head?.headerFields.first)
        let bytes = unsafe field.withUnsafeBytesOfValue { unsafe Array($0) }
        #expect(bytes == [0xE9])
    }

    @Test(
        "A status line that is none is refused", arguments: ["HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 999 x", "HTTP/2 abc"])
    func statusLines(line: String) { #expect(run(line).1.first == .refused) }

    @Test("Interim responses are events of their own and do not become the final one")
    func interim() {
        let (parser, events) = run("HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/2 204\r\n\r")
        #expect(parser.interim.map(\.status) == [103] && parser.head?.status == 204)
        #expect(events.count { if case .interim = $0 { true } else { false } } == 1)
    }
}
