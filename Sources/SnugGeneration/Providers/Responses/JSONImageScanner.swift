// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Takes the images out of a JSON text while it comes, so that no part of it is ever whole in memory.
///
/// The value of each `b64_json`, and each string that is a data URL in base64 or of an image, is decoded into a file of its
/// own; the text keeps an empty string in its place. What is no JSON passes as it is.
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
    /// The escapes of a data URL; `nil` where the digits are not in one.
    private var percent: PercentEscape?
    /// Bytes of a data URL that is not in base64; `nil` for base64.
    private var plainBytes: [UInt8]?
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
            case .image where !escape.isOpen && percent?.isOpen != true && plainBytes == nil:
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
            if isValueOfImageKey, !Self.begins(start, with: Self.dataScheme) {
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
        guard Self.begins(start, with: Self.dataScheme) else {
            // Five characters tell: base64 has no colon.
            if Self.begins(Self.dataScheme, with: start) { return }
            if isValueOfImageKey { try beginImage(start) } else { continuePlain() }
            return
        }
        if character == UInt8(ascii: ",") {
            let head = String(decoding: start.filter { $0 != 0x20 }.dropLast(), as: UTF8.self).lowercased()
            let isBase64 = head.hasSuffix(";base64")
            guard isBase64 || head.hasPrefix("data:image/") else { return continuePlain() }
            try beginImage([])
            percent = PercentEscape()
            plainBytes = isBase64 ? nil : []
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
        guard let escaped = escape.take(byte), case .image = state else { return }
        guard let character = unescaped(escaped) else { return }
        if let count = plainBytes?.count {
            plainBytes?.append(character)
            if count >= Self.flushCount { try flush() }
            return
        }
        if decoder.take(character) || [0x20, 0x09, 0x0A, 0x0D].contains(character) { return }
        // Padding, or damage: what follows would be out of step, so the image ends here and its checker will see.
        state = .imageEnded
    }

    /// A character of a data URL without its escapes; `nil` where there is none yet, or none any more.
    private mutating func unescaped(_ character: UInt8) -> UInt8? {
        guard percent != nil else { return character }
        let isEscaped = percent?.isOpen == true
        switch percent?.take(character) {
        // A fragment is no part of the data, and line ends are no part of a URL. RFC 2397, RFC 3986 §3.5
        case .byte(UInt8(ascii: "#")) where !isEscaped: state = .imageEnded
        case .byte(0x09) where !isEscaped, .byte(0x0A) where !isEscaped, .byte(0x0D) where !isEscaped: break
        case .byte(let byte): return byte
        case .invalid: state = .imageEnded
        case .open, nil: break
        }
        return nil
    }

    /// True when some bytes begin with others, whatever their case.
    private static func begins(_ bytes: [UInt8], with prefix: [UInt8]) -> Bool {
        bytes.starts(with: prefix) { first, second in
            first == second || first | 0x20 == second | 0x20 && (0x61...0x7A).contains(first | 0x20)
        }
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
        percent = nil
        plainBytes = nil
        file = try makeFile()
        for digit in digits where ![0x20, 0x09, 0x0A, 0x0D].contains(digit) {
            guard decoder.take(digit) else {
                state = .imageEnded
                return
            }
        }
    }

    private mutating func flush() throws(HTTPError) {
        try file?.write(plainBytes ?? decoder.output)
        decoder.removeOutput()
        if plainBytes != nil { plainBytes = [] }
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
