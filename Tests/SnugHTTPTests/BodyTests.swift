// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugHTTP

@Suite struct BodyFileTests {
    @Test("Bytes are read from any offset, fewer only at the end")
    func reading() throws {
        let content = pattern(10_000)
        let file = try ScratchFile(content).open()
        #expect(file.byteCount == 10_000)
        #expect(try file.bytes(at: 0, count: 10) == Array(content[..<10]))
        #expect(try file.bytes(at: 9_990, count: 100) == Array(content[9_990...]))
        #expect(try file.bytes(at: 10_000, count: 1).isEmpty && file.bytes(at: 20_000, count: 1).isEmpty)
    }

    @Test("A changed file has another identity, an unchanged one the same")
    func identity() throws {
        let scratch = try ScratchFile([1, 2, 3])
        let file = try BodyFile(scratch.path)
        #expect(try file.currentIdentity() == file.identity)
        let writer = try FileDescriptor.open(scratch.path, .writeOnly, options: .append)
        try writer.closeAfter { _ = try writer.writeAll([4]) }
        #expect(try file.currentIdentity() != file.identity && file.byteCount == 3)
    }

    @Test("A file that became shorter fails the body, with what to do")
    func shorter() throws {
        let scratch = try ScratchFile(pattern(1000))
        let file = try BodyFile(scratch.path)
        let writer = try FileDescriptor.open(scratch.path, .writeOnly, options: .truncate)
        try writer.close()
        let error = #expect(throws: HTTPError.self) { try file.bytes(at: 0, count: 1000) }
        #expect(error?.code == .bodyFailed && error?.message.contains("shorter") == true)
    }

    @Test("Only a regular file can be sent", arguments: ["/", "/dev/null", "/nowhere/at/all"] as [FilePath])
    func kinds(path: FilePath) {
        let error = #expect(throws: HTTPError.self) { try BodyFile(path) }
        #expect(error?.code == .bodyFailed)
    }

    @Test("The stand-in for a file that is gone has no bytes")
    func standIn() throws {
        let file = try BodyFile(empty: ())
        #expect(file.byteCount == 0)
        #expect(try file.bytes(at: 0, count: 10).isEmpty)
    }
}

@Suite struct HTTPBodyTests {
    private func bytes(_ body: HTTPBody) throws -> [UInt8] {
        var all: [UInt8] = []
        try body.forEachPiece { all += $0 }
        return all
    }

    @Test("Dropping bytes of a joined body drops them of the whole", arguments: UInt64(0)..<30)
    func dropping(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let content = pattern(Int.random(in: 1...3000, using: &random))
        let file = try ScratchFile(content).open()
        var parts: [HTTPBody] = []
        var whole: [UInt8] = []
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let start = Int.random(in: 0...content.count, using: &random)
            let range = start..<Int.random(in: start...content.count, using: &random)
            parts.append(
                Bool.random(using: &random)
                    ? HTTPBody(bytes: Array(content[range])) : HTTPBody(file: file, range: range))
            whole += content[range]
        }
        let body = try HTTPBody(joining: parts)
        #expect(try body.byteCount == whole.count && bytes(body) == whole)
        let count = Int.random(in: 0...whole.count + 10, using: &random)
        let rest = body.dropping(first: count)
        #expect(try rest.byteCount == max(0, whole.count - count) && bytes(rest) == Array(whole.dropFirst(count)))
    }

    @Test("A range outside of the file is cut to the file")
    func ranges() throws {
        let file = try ScratchFile([1, 2, 3]).open()
        #expect(try bytes(HTTPBody(file: file, range: 1..<100)) == [2, 3])
        #expect(try bytes(HTTPBody(file: file, range: 7..<9)).isEmpty)
        #expect(try bytes(HTTPBody(file: file)) == [1, 2, 3])
    }

    @Test("A streamed body can be neither joined nor read before it is sent, but continued")
    func streams() throws {
        struct Empty: HTTPBodyReader { func read(atMost maximum: Int) async throws -> [UInt8] { [] } }
        let stream = HTTPBody(byteCount: 10) { _ in Empty() }
        #expect(throws: HTTPError.self) { try HTTPBody(joining: [stream]) }
        #expect(throws: HTTPError.self) { try bytes(stream) }
        #expect(stream.dropping(first: 4).byteCount == 6)
        guard case .stream(_, let offset) = stream.dropping(first: 4).dropping(first: 3).storage else {
            Issue.record("a stream became something else")
            return
        }
        #expect(offset == 7)
    }
}

@Suite struct FormBodyTests {
    private func text(_ form: FormBody) throws -> String {
        var all: [UInt8] = []
        try form.finished().forEachPiece { all += $0 }
        return String(decoding: all, as: UTF8.self)
    }

    @Test("Fields and files follow each other as RFC 7578 has them")
    func layout() throws {
        var form = FormBody(boundary: "B")
        form.add(field: "a", "1")
        form.add(file: "f", filename: "x.png", contentType: "image/png", HTTPBody(bytes: Array("PNG".utf8)))
        #expect(form.contentType == "multipart/form-data; boundary=B")
        #expect(
            try text(form) == "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                + "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n"
                + "Content-Type: image/png\r\n\r\nPNG\r\n--B--\r\n")
    }

    @Test("Names cannot smuggle in a header or a quote")
    func escapes() throws {
        var form = FormBody(boundary: "B")
        form.add(file: "a\"b\r\nX: y", filename: "c\"d\n", contentType: "t\r\nX: y", HTTPBody(bytes: []))
        let head = try text(form)
        #expect(head.contains(#"name="a%22b%0D%0AX: y"; filename="c%22d%0A""#))
        #expect(head.contains("Content-Type: t%0D%0AX: y\r\n\r\n"))
    }

    @Test("An empty form is its end alone")
    func empty() throws { #expect(try text(FormBody(boundary: "B")) == "--B--\r\n") }

    @Test("Random boundaries differ and are allowed as they are")
    func boundaries() {
        let all = (0..<100).map { _ in FormBody.randomBoundary() }
        #expect(Set(all).count == 100)
        #expect(all.allSatisfy { $0.utf8.count <= 70 && $0.utf8.allSatisfy { (48...122).contains($0) } })
    }
}
