// SPDX-License-Identifier: Apache-2.0

/// Puts a response on an HTTP/1.1 connection, byte by byte under our control.
struct ResponseWriter {
    let transport: Transport
    /// True when the request was HEAD, so that only headers are due.
    let isHead: Bool
    let keepsAlive: Bool
    let clock: SimulatorClock

    /// Sends the response, or what the fault lets through of it.
    ///
    /// - Returns: True when the response was sent in full and the connection can go on.
    func write(_ reply: Reply, delivery: DeliveryFault?) async throws -> Bool {
        guard let delivery else { return try await writeWhole(reply) }
        let body = isHead ? [] : reply.bytes
        switch delivery {
        case .stallInHeaders:
            let head = head(reply, ["Content-Length": String(body.count)])
            try await transport.send(Array(head.prefix(head.count / 2)))
            try await transport.stall()
        case .stallAfter(let bytes):
            try await transport.send(head(reply, ["Content-Length": String(body.count)]) + body.prefix(max(0, bytes)))
            try await transport.stall()
        case .closeAfter(let bytes):
            try await transport.send(head(reply, ["Content-Length": String(body.count)]) + body.prefix(max(0, bytes)))
            try await transport.close()
        case .resetAfter(let bytes):
            try await transport.send(head(reply, ["Content-Length": String(body.count)]) + body.prefix(max(0, bytes)))
            try await transport.reset()
        case .chunkedWithoutEnd(let thenClose):
            try await transport.send(head(reply, ["Transfer-Encoding": "chunked"]) + Self.chunk(body))
            if thenClose { try await transport.close() } else { try await transport.stall() }
        case .contentLength(let offBy):
            try await transport.send(
                head(reply, ["Content-Length": String(body.count + offBy), "Connection": "close"]) + body)
            try await transport.close()
        case .untilClose:
            try await transport.send(head(reply, ["Connection": "close"]) + body)
            try await transport.close()
        case .gzipBomb(let unpackedBytes):
            let packed = ZeroRun.gzip(max(0, unpackedBytes))
            let framing: Headers = ["Content-Encoding": "gzip", "Content-Length": String(packed.count)]
            try await transport.send(head(reply, framing) + (isHead ? [] : packed))
            return true
        case .drip(let bytes, let milliseconds):
            try await drip(
                head(reply, ["Content-Length": String(body.count)]) + body, bytes: max(1, bytes),
                every: .milliseconds(milliseconds))
            return true
        case .refuseStream, .goAway:
            return try await writeWhole(reply)
        }
        return false
    }

    private func writeWhole(_ reply: Reply) async throws -> Bool {
        switch reply.body {
        case .bytes(let bytes):
            let hasBody = !isHead && reply.status != 204 && reply.status != 304
            let length: Headers = reply.status == 204 ? [:] : ["Content-Length": String(bytes.count)]
            try await transport.send(head(reply, length) + (hasBody ? bytes : []))
            return true
        case .pieces(let pieces, let isCut):
            try await transport.send(head(reply, ["Transfer-Encoding": "chunked"]))
            // Each piece is its own write and its own chunk, so that a reader meets the boundaries.
            for piece in pieces where !isHead { try await transport.send(Self.chunk(piece)) }
            if isCut {
                try await transport.close()
                return false
            }
            if !isHead { try await transport.send(Array("0\r\n\r\n".utf8)) }
            return true
        }
    }

    private func drip(_ bytes: [UInt8], bytes count: Int, every pause: Duration) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try await transport.send(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            try await Task.sleep(for: pause)
        }
    }

    private func head(_ reply: Reply, _ framing: Headers) -> [UInt8] {
        var headers: Headers = ["Date": clock.httpDate()]
        headers.merge(reply.headers)
        // A script's own framing wins, so that it can lie.
        for field in framing.fields where headers[field.name] == nil { headers[field.name] = field.value }
        if !keepsAlive, headers["Connection"] == nil { headers["Connection"] = "close" }
        let lines = headers.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array("HTTP/1.1 \(reply.status) \(Reply.reason(reply.status))\r\n\(lines)\r\n".utf8)
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }
}
