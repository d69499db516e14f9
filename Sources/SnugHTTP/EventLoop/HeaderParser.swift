// SPDX-License-Identifier: Apache-2.0
internal import DequeModule
internal import HTTPTypes

/// Sorts the header lines from libcurl into interim responses and the final head.
struct HeaderParser {
    private(set) var interim: Deque<HTTPResponse> = []
    /// The head of the final response, once it is complete.
    private(set) var head: HTTPResponse?
    private(set) var byteCount = 0
    private var current: HTTPResponse?

    /// The effect of a line.
    enum Event: Equatable {
        case none
        case interim(HTTPResponse)
        case final(HTTPResponse)
        /// A head that is too large, or not HTTP.
        case refused
    }

    /// Bytes of all heads of one transfer together.
    static let byteLimit = 128 * 1024
    /// Maximum of interim responses kept: a server that reports progress by 104 may send very many.
    static let interimLimit = 64

    /// Takes one line with or without its line break.
    mutating func take(_ bytes: some Collection<UInt8>) -> Event {
        byteCount += bytes.count
        guard byteCount <= Self.byteLimit else { return .refused }
        let line = Self.trimmed(bytes[...])
        if line.isEmpty { return endBlock() }
        if line.starts(with: "HTTP/".utf8) {
            guard let status = Self.status(String(decoding: line, as: UTF8.self)) else { return .refused }
            current = HTTPResponse(status: .init(code: status))
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            // A line whose name is not valid is no field, and nobody could ask for it.
            let text = String(decoding: line[..<colon], as: UTF8.self)
            guard let name = HTTPField.Name(text) else { return .none }
            let value = Self.trimmed(line[line.index(after: colon)...])
            current?.headerFields.append(HTTPField(name: name, lenientValue: value))
        }
        return .none
    }

    private mutating func endBlock() -> Event {
        guard let done = current else { return .none }
        current = nil
        if done.status.kind == .informational, done.status != 101 {
            // Interim responses have been delivered and no longer count against the limit.
            byteCount = 0
            if interim.count == Self.interimLimit { interim.removeFirst() }
            interim.append(done)
            return .interim(done)
        }
        head = done
        return .final(done)
    }

    // RFC 9112 §4 (status line); HTTP/2 has no minor version here.
    private static func status(_ line: String) -> Int? {
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[1].utf8.count == 3, let status = Int(parts[1]), (100...599).contains(status)
        else {
            return nil
        }
        return status
    }

    private static func trimmed<C: Collection<UInt8>>(_ bytes: C) -> C.SubSequence {
        let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 || byte == 10 }
        let start = bytes.drop(while: isBlank)
        var end = start.endIndex
        var last = start.startIndex
        for index in start.indices where !isBlank(start[index]) { last = start.index(after: index) }
        end = start.isEmpty ? start.startIndex : last
        return start[start.startIndex..<end]
    }
}
