// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Takes the images out of a JSON text while it comes, so that no part of it is ever whole in memory.
///
/// The value of each `b64_json`, and each string that is a data URI in base64, is decoded into a file of its own; the text
/// keeps an empty string in its place. What is no JSON passes as it is.
struct JSONImageScanner {
    /// The text without its images, cut at the limit.
    private(set) var text: [UInt8] = []
    private(set) var images: [SpooledImage] = []

    private enum State {
        /// Between strings.
        case outside
        /// At the beginning of a string that may turn out an image: nothing of it is in the text yet.
        case beginning
        case plain
        case image
        /// Behind the digits, or behind what is no digit.
        case imageEnded
    }
    private var state = State.outside
    private var escape = JSONEscape()
    /// The string as it came, and without escapes, while it may still be an image.
    private var raw: [UInt8] = []
    private var start: [UInt8] = []
    /// The last string, if it is short: a key once a colon follows.
    private var lastString: [UInt8] = []
    private var isValueOfImageKey = false
    private var decoder = Base64Decoder()
    private var file: SpoolFile?
    private let textLimit: Int
    private let makeFile: () throws(HTTPError) -> SpoolFile

    private static let imageKey = Array("b64_json".utf8)
    private static let dataScheme = Array("data:".utf8)
    private static let longestDataHead = 256
    private static let flushCount = 48 * 1024

    init(textLimit: Int, makeFile: @escaping () throws(HTTPError) -> SpoolFile) {
        self.textLimit = textLimit
        self.makeFile = makeFile
    }

    /// True when the text was cut.
    private(set) var isCut = false

    mutating func consume(_ bytes: Span<UInt8>) throws(HTTPError) {
        var index = 0
        while index < bytes.count {
            switch state {
            case .image where !escape.isOpen:
                index = decoder.decode(bytes, from: index)
                if decoder.output.count >= Self.flushCount { try flush() }
                if index < bytes.count {
                    try takeImage(bytes[index])
                    index += 1
                }
            case .outside:
                takeOutside(bytes[index])
                index += 1
            case .beginning:
                try takeBeginning(bytes[index])
                index += 1
            case .plain:
                takePlain(bytes[index])
                index += 1
            case .image, .imageEnded:
                try takeImage(bytes[index])
                index += 1
            }
        }
    }

    /// Ends the text: an image that was on its way is kept as far as it came.
    mutating func finish() throws(HTTPError) {
        switch state {
        case .image, .imageEnded: try endImage()
        case .beginning: emit(raw)
        case .outside, .plain: break
        }
        state = .outside
    }

    // MARK: States

    private mutating func takeOutside(_ byte: UInt8) {
        emit(byte)
        switch byte {
        case UInt8(ascii: "\""):
            state = .beginning
            raw.removeAll(keepingCapacity: true)
            start.removeAll(keepingCapacity: true)
            lastString.removeAll(keepingCapacity: true)
        case UInt8(ascii: ":"): isValueOfImageKey = lastString == Self.imageKey
        case 0x20, 0x09, 0x0A, 0x0D: break
        default:
            isValueOfImageKey = false
            lastString.removeAll(keepingCapacity: true)
        }
    }

    private mutating func takeBeginning(_ byte: UInt8) throws(HTTPError) {
        if byte == UInt8(ascii: "\""), !escape.isOpen {
            if isValueOfImageKey, !start.starts(with: Self.dataScheme) {
                try beginImage(start)
                try endImage()
            } else {
                endPlain()
            }
            return
        }
        raw.append(byte)
        guard let character = escape.take(byte) else { return }
        start.append(character)
        guard start.starts(with: Self.dataScheme) else {
            // Five characters tell: base64 has no colon.
            if start.count < Self.dataScheme.count, Self.dataScheme.starts(with: start) { return }
            if isValueOfImageKey { try beginImage(start) } else { continuePlain() }
            return
        }
        if character == UInt8(ascii: ",") {
            let head = String(decoding: start.dropLast(), as: UTF8.self).lowercased()
            if head.hasSuffix(";base64") { try beginImage([]) } else { continuePlain() }
        } else if start.count > Self.longestDataHead {
            continuePlain()
        }
    }

    private mutating func takePlain(_ byte: UInt8) {
        if byte == UInt8(ascii: "\""), !escape.isOpen {
            emit(byte)
            state = .outside
            isValueOfImageKey = false
            return
        }
        _ = escape.take(byte)
        emit(byte)
        if lastString.count <= Self.imageKey.count { lastString.append(byte) }
    }

    private mutating func takeImage(_ byte: UInt8) throws(HTTPError) {
        if byte == UInt8(ascii: "\""), !escape.isOpen { return try endImage() }
        guard let character = escape.take(byte), case .image = state else { return }
        if decoder.take(character) || [0x20, 0x09, 0x0A, 0x0D].contains(character) { return }
        // Padding, or damage: what follows would be out of step, so the image ends here and its checker will see.
        state = .imageEnded
    }

    // MARK: Transitions

    private mutating func continuePlain() {
        state = .plain
        emit(raw)
        lastString = Array(raw.prefix(Self.imageKey.count + 1))
    }

    private mutating func endPlain() {
        continuePlain()
        emit(UInt8(ascii: "\""))
        state = .outside
        isValueOfImageKey = false
    }

    private mutating func beginImage(_ digits: [UInt8]) throws(HTTPError) {
        state = .image
        decoder = Base64Decoder()
        file = try makeFile()
        for digit in digits where ![0x20, 0x09, 0x0A, 0x0D].contains(digit) {
            guard decoder.take(digit) else {
                state = .imageEnded
                return
            }
        }
    }

    private mutating func flush() throws(HTTPError) {
        try file?.write(decoder.output)
        decoder.removeOutput()
    }

    private mutating func endImage() throws(HTTPError) {
        decoder.finish()
        try flush()
        if let image = file?.finish() { images.append(image) }
        file = nil
        emit(UInt8(ascii: "\""))
        state = .outside
        isValueOfImageKey = false
    }

    private mutating func emit(_ byte: UInt8) {
        if text.count < textLimit { text.append(byte) } else { isCut = true }
    }

    private mutating func emit(_ bytes: [UInt8]) {
        for byte in bytes { emit(byte) }
    }
}

/// Undoes the escapes in a JSON string, byte by byte. RFC 8259 §7
private struct JSONEscape {
    private var isBackslash = false
    private var hexadecimal: [UInt8]?

    /// True when the next byte belongs to an escape.
    var isOpen: Bool { isBackslash || hexadecimal != nil }

    /// - Returns: The character that the byte completes, 255 for one beyond ASCII; `nil` within an escape.
    mutating func take(_ byte: UInt8) -> UInt8? {
        if var digits = hexadecimal {
            digits.append(byte)
            hexadecimal = digits.count < 4 ? digits : nil
            guard digits.count == 4 else { return nil }
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) ?? 255
            return value < 128 ? UInt8(value) : 255
        }
        if isBackslash {
            isBackslash = false
            switch byte {
            case UInt8(ascii: "u"):
                hexadecimal = []
                return nil
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "f"): return 0x0C
            default: return byte
            }
        }
        guard byte == UInt8(ascii: "\\") else { return byte }
        isBackslash = true
        return nil
    }
}
