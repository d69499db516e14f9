// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Synchronization

/// A server over real sockets that does exactly what its script says, down to the byte at which it dies.
///
/// The script is a closure run on a thread of its own for each connection, in plain blocking calls. When it returns or
/// throws, the connection is closed.
package final class FaultServer: Sendable {
    /// One request as it arrived.
    package struct Request: Sendable {
        package var connection: Int
        package var method: String
        package var target: String
        /// Names in lower case.
        package var headers: [String: String]
        /// The header lines as they came.
        package var lines: [String] = []
        package var body: [UInt8]
    }

    private struct State {
        var requests: [Request] = []
        var connections: [FaultConnection] = []
        var isStopped = false
    }

    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let listener: LoopbackListener
    private let state = Mutex(State())

    /// - Parameters:
    ///   - receiveBuffer: Bytes that the system takes in unread; small ones make a client's sending block early.
    ///   - script: What happens on each connection.
    package init(receiveBuffer: Int32? = nil, _ script: @escaping @Sendable (FaultConnection) throws -> Void) throws {
        listener = try LoopbackListener(receiveBuffer: receiveBuffer)
        port = listener.port
        let count = Mutex(0)
        listener.acceptEach { [weak self] descriptor in
            guard let server = self else { return close(descriptor) != 0 }
            let number = count.withLock { count in
                count += 1
                return count
            }
            let connection = FaultConnection(descriptor, number: number) { [weak server] request in
                server?.state.withLock { $0.requests.append(request) }
            }
            let isStopped = server.state.withLock { state in
                state.connections.append(connection)
                return state.isStopped
            }
            if isStopped { connection.shutDown() }
            Thread.detachNewThread {
                defer { connection.close() }
                // A script ends early when its peer goes away, which is no failure of the server.
                try? script(connection)
            }
            return true
        }
    }

    deinit { stop() }

    /// Ends every connection and stops listening.
    package func stop() {
        let connections = state.withLock { state -> [FaultConnection]? in
            guard !state.isStopped else { return nil }
            state.isStopped = true
            listener.close()
            return state.connections
        }
        for connection in connections ?? [] { connection.shutDown() }
    }

    /// Requests read so far, in order of arrival.
    package var requests: [Request] { state.withLock { $0.requests } }
    /// Connections accepted so far.
    package var connectionCount: Int { state.withLock { $0.connections.count } }
    /// The address of a path on it.
    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }
}

/// One connection of a ``FaultServer``, used by its script.
package final class FaultConnection: @unchecked Sendable {
    // Used by one script thread; only the descriptor's end is shared, under the lock.
    package enum Ended: Error { case peerClosed, malformed }

    /// 1 for the server's first.
    package let number: Int
    private let descriptor: Mutex<Int32>
    private let raw: Int32
    private var buffer: [UInt8] = []
    private let record: @Sendable (FaultServer.Request) -> Void

    init(_ descriptor: Int32, number: Int, record: @escaping @Sendable (FaultServer.Request) -> Void) {
        self.descriptor = Mutex(descriptor)
        raw = descriptor
        self.number = number
        self.record = record
    }

    /// Reads a request with its whole body, which it records.
    package func readRequest() throws -> FaultServer.Request {
        var request = try readHead()
        if let length = request.headers["content-length"].flatMap({ Int($0) }) {
            request.body = try read(length)
        } else if request.headers["transfer-encoding"] == "chunked" {
            request.body = try readChunks()
        }
        record(request)
        return request
    }

    /// Reads a request's head only.
    package func readHead() throws -> FaultServer.Request {
        while true {
            if let end = buffer.firstRange(of: [13, 10, 13, 10]) {
                let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                buffer.removeSubrange(..<end.upperBound)
                return try parse(head)
            }
            try receive()
        }
    }

    /// Reads exactly so many bytes.
    package func read(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try receive() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Reads until the peer ends the connection.
    func readToEnd() -> [UInt8] {
        while (try? receive()) != nil {}
        return buffer
    }

    /// Records a request whose body the script read by itself.
    package func recordRequest(_ request: FaultServer.Request) { record(request) }

    /// Sends text as it is.
    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                return unsafe write(toSocket: raw, rest)
            }
            guard sent > 0 else { throw Ended.peerClosed }
            done += sent
        }
    }

    /// Sends a complete answer.
    package func respond(_ status: Int, _ headers: [String: String] = [:], body: String = "") throws {
        var lines = "HTTP/1.1 \(status) Scripted\r\n"
        for (name, value) in headers { lines += "\(name): \(value)\r\n" }
        if headers["Content-Length"] == nil { lines += "Content-Length: \(body.utf8.count)\r\n" }
        try send(lines + "\r\n" + body)
    }

    /// Does nothing until the peer closes or the server stops; what arrives is thrown away.
    package func waitForClose() {
        while (try? receive()) != nil { buffer.removeAll() }
    }

    /// Does nothing, not even read, until the server stops or so many seconds have passed.
    package func ignoreEverything(seconds: Int) { ignoreEverything(milliseconds: seconds * 1000) }

    package func ignoreEverything(milliseconds: Int) {
        var waiter = pollfd(fd: raw, events: 0, revents: 0)
        _ = unsafe poll(&waiter, 1, Int32(milliseconds))
    }

    /// Ends the connection with a reset, so that the peer loses what it has not read yet.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { closeSocket(descriptor) }
            descriptor = -1
        }
    }

    func shutDown() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func receive() throws {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe recv(raw, &chunk, chunk.count, 0)
        guard count > 0 else { throw Ended.peerClosed }
        buffer += chunk[..<count]
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            while buffer.firstRange(of: [13, 10]) == nil { try receive() }
            guard let end = buffer.firstRange(of: [13, 10]),
                let size = Int(String(decoding: buffer[..<end.lowerBound], as: UTF8.self), radix: 16)
            else { throw Ended.malformed }
            buffer.removeSubrange(..<end.upperBound)
            body += try read(size)
            _ = try read(2)
            if size == 0 { return body }
        }
    }

    private func parse(_ head: String) throws -> FaultServer.Request {
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { throw Ended.malformed }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return FaultServer.Request(
            connection: number, method: String(words[0]), target: String(words[1]), headers: headers,
            lines: lines.dropFirst().map(String.init), body: [])
    }
}

// Free functions, because the methods above have the same names.
private func closeSocket(_ descriptor: Int32) { _ = close(descriptor) }

private func write(toSocket descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
}
