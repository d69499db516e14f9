// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Takes server-sent events apart as they come, by the rules of the HTML standard (§9.2.6).
///
/// The data of each event goes through a ``JSONImageScanner``, so that the images in it are never whole in memory.
struct EventStreamParser {
    /// One event.
    struct Event {
        /// The `event` field; empty without one.
        var name: String
        /// Its `data` lines, joined, with the images taken out.
        var data: [UInt8]
        var images: [SpooledImage]
    }

    private enum Line {
        case name
        case value(skipsSpace: Bool)
    }
    private var line = Line.name
    private var field: [UInt8] = []
    private var name: [UInt8] = []
    private var data: JSONImageScanner?
    private var isAfterReturn = false
    private var markBytes = 0
    private let makeScanner: () -> JSONImageScanner

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let longestName = 256

    init(makeScanner: @escaping () -> JSONImageScanner) { self.makeScanner = makeScanner }

    /// - Returns: The events that the bytes complete.
    mutating func consume(_ bytes: [UInt8]) throws(HTTPError) -> [Event] {
        var events: [Event] = []
        var index = skipMark(bytes)
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A, isAfterReturn {
                isAfterReturn = false
                index += 1
            } else if byte == 0x0A || byte == 0x0D {
                isAfterReturn = byte == 0x0D
                if let event = try endLine() { events.append(event) }
                index += 1
            } else {
                isAfterReturn = false
                let end = bytes[index...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
                try take(bytes[index..<end])
                index = end
            }
        }
        return events
    }

    /// The mark may come in pieces, as everything may.
    private mutating func skipMark(_ bytes: [UInt8]) -> Int {
        var index = 0
        while markBytes < 3, index < bytes.count {
            guard bytes[index] == Self.byteOrderMark[markBytes] else {
                // Half a byte order mark is the start of an unknown field; leaving it out changes nothing.
                markBytes = 3
                break
            }
            markBytes += 1
            index += 1
        }
        return index
    }

    /// Takes a piece of one line.
    private mutating func take(_ piece: ArraySlice<UInt8>) throws(HTTPError) {
        var rest = piece
        if case .name = line {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            field += rest[..<end].prefix(Self.longestName - field.count)
            guard end < rest.endIndex else { return }
            rest = rest[(end + 1)...]
            try beginValue()
        }
        guard case .value(let skipsSpace) = line, let first = rest.first else { return }
        if skipsSpace {
            line = .value(skipsSpace: false)
            if first == 0x20 { rest = rest.dropFirst() }
        }
        if field == Array("data".utf8) {
            try data?.consume(rest.span)
        } else if field == Array("event".utf8) {
            name += rest.prefix(Self.longestName - name.count)
        }
    }

    private mutating func beginValue() throws(HTTPError) {
        line = .value(skipsSpace: true)
        if field == Array("data".utf8) {
            if data == nil { data = makeScanner() } else { try data?.consume([0x0A].span) }
        } else if field == Array("event".utf8) {
            name = []
        }
    }

    private mutating func endLine() throws(HTTPError) -> Event? {
        defer {
            line = .name
            field = []
        }
        if case .name = line {
            // A line without a colon is a field without a value; one without anything ends the event.
            if !field.isEmpty {
                try beginValue()
                return nil
            }
            defer {
                data = nil
                name = []
            }
            // An event without data is none.
            guard var data else { return nil }
            try data.finish()
            return Event(name: String(decoding: name, as: UTF8.self), data: data.text, images: data.images)
        }
        return nil
    }
}
