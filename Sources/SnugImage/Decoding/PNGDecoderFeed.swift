// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Walks the chunks of a PNG file and hands libpng only those that make the image.
///
/// libpng's push reader holds a whole chunk in memory before it looks at it, even one that it will ignore, so text,
/// unknown chunks and the like are stepped over here. What they claim then costs nothing.
struct PNGDecoderFeed {
    /// How the file ends, as far as it was read.
    enum End { case notReached, complete, cutOff }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// Length, name and CRC around a chunk's data.
    private static let chunkOverhead = 12
    private static let windowByteCount = 64 << 10

    private let source: ImageSource
    private let limits: DecodingLimits
    /// Whether the CRCs of the chunks that are stepped over are checked too.
    private let checksEveryChunk: Bool
    private var window: [UInt8] = []
    private var windowStart = 0
    /// Up to where the chunk at hand is passed on.
    private var feedEnd = signature.count
    private var chunkCount = 0
    private var hasSeenHeader = false
    private var hasSeenEnd = false
    private var hasSeenProfile = false

    /// The next byte of the source to be read; after the end, the byte that follows IEND.
    private(set) var position = 0
    private(set) var end = End.notReached
    private(set) var iccProfile: [UInt8]?
    private(set) var warnings: [String] = []

    init(source: ImageSource, limits: DecodingLimits, checksEveryChunk: Bool) throws(ImageError) {
        self.source = source
        self.limits = limits
        self.checksEveryChunk = checksEveryChunk
        guard source.byteCount > 0 else { throw ImageError(.emptyInput, "is empty; there is nothing to read") }
        guard try bytes(at: 0, count: Self.signature.count) == Self.signature else {
            throw ImageError(.notAnImage, "does not begin as a PNG does; check what wrote it")
        }
    }

    /// Passes on some bytes of the image's chunks.
    /// - Returns: False when there are no more: see ``end``.
    /// - Throws: `corrupt_input`, `unsupported_feature`, `limit_exceeded`, `memory_exceeded`, or what reading throws.
    mutating func push(to handle: borrowing PNGDecoderHandle) throws(ImageError) -> Bool {
        if position >= feedEnd {
            guard try findNextChunk() else { return false }
        }
        if position < windowStart || position >= windowStart + window.count {
            try fillWindow(from: position)
        }
        let first = position - windowStart
        let last = min(window.count, feedEnd - windowStart)
        guard first < last else { return false }
        position += try handle.push(window.span.extracting(first..<last))
        return true
    }

    /// Notes something odd; only the first few texts are kept, as a file can hold any number of reasons.
    private mutating func warn(_ text: String) {
        if warnings.count < 8 { warnings.append(text) }
    }

    // MARK: - Chunks

    private struct Chunk {
        var name: [UInt8]
        var length: Int
        var text: String { String(decoding: name, as: UTF8.self) }
        /// PNG 1.2 §3.3: bit 5 of the first letter.
        var isCritical: Bool { name.first.map { $0 & 0x20 == 0 } ?? false }
    }

    /// Steps over chunks until one that libpng is to see.
    private mutating func findNextChunk() throws(ImageError) -> Bool {
        while true {
            guard !hasSeenEnd else {
                end = .complete
                return false
            }
            guard let chunk = try readChunkHeader() else {
                end = .cutOff
                return false
            }
            switch chunk.text {
            case "IHDR":
                if !hasSeenHeader { try checkHeader(chunk) }
                return pass(chunk)
            case "IEND":
                hasSeenEnd = source.byteCount - position >= chunk.length + Self.chunkOverhead
                return pass(chunk)
            case "PLTE", "tRNS", "IDAT": return pass(chunk)
            case "iCCP" where !hasSeenProfile: try readProfile(chunk)
            default:
                guard !chunk.isCritical else {
                    throw ImageError(
                        .unsupportedFeature,
                        "needs a PNG extension that is not supported (\(chunk.text)); save it as a plain PNG")
                }
                if checksEveryChunk { try checkCRC(of: chunk) }
            }
            position += chunk.length + Self.chunkOverhead
        }
    }

    private mutating func pass(_ chunk: Chunk) -> Bool {
        feedEnd = min(position + chunk.length + Self.chunkOverhead, source.byteCount)
        return true
    }

    /// The length and name at ``position``, or `nil` where the file ends before them.
    private mutating func readChunkHeader() throws(ImageError) -> Chunk? {
        let header = try bytes(at: position, count: 8)
        guard header.count == 8 else { return nil }
        let length = Self.bigEndian(header, at: 0)
        let name = Array(header[4...])
        let isNamed = name.allSatisfy { (0x41...0x5A).contains($0 & 0xDF) && $0 >= 0x41 }
        guard isNamed, length <= Int(Int32.max) else {
            throw ImageError(.corruptInput, "has no PNG chunk at byte \(position); write it anew")
        }
        let chunk = Chunk(name: name, length: length)
        guard hasSeenHeader || chunk.text == "IHDR" || chunk.text == "CgBI" else {
            throw ImageError(.corruptInput, "is a PNG without a header (IHDR); write it anew")
        }
        if chunk.text != "IDAT" {
            chunkCount += 1
            guard chunkCount <= limits.maximumChunkCount else {
                throw InputFault.exceeds(
                    "has at least \(InputFault.grouped(chunkCount)) chunks", chunkCount,
                    limit: limits.maximumChunkCount,
                    option: "--max-input-chunks")
            }
        }
        return chunk
    }

    /// Refuses an image that is too large before libpng sees its size.
    private mutating func checkHeader(_ chunk: Chunk) throws(ImageError) {
        let data = try bytes(at: position + 8, count: 8)
        guard data.count == 8, chunk.length == 13 else {
            throw ImageError(.corruptInput, "has a damaged PNG header; write it anew")
        }
        hasSeenHeader = true
        let width = Self.bigEndian(data, at: 0)
        let height = Self.bigEndian(data, at: 4)
        try InputFault.checkSize(width: width, height: height, limits: limits)
    }

    private mutating func readProfile(_ chunk: Chunk) throws(ImageError) {
        hasSeenProfile = true
        // A profile is smaller than its limit once deflated, save for a name and a few bytes of framing.
        guard chunk.length <= limits.maximumProfileBytes + 1024 else {
            return warn("ignored an ICC profile of \(chunk.length) bytes: too large")
        }
        let data = try bytes(at: position + 8, count: chunk.length + 4)
        guard data.count == chunk.length + 4 else { return }
        guard Self.crc(name: chunk.name, data: data) == Self.bigEndian(data, at: chunk.length) else {
            return warn("ignored an ICC profile: its chunk has a wrong CRC")
        }
        iccProfile = inflateProfile(data.span.extracting(first: chunk.length))
    }

    /// Name, NUL, method 0, deflated profile (PNG 1.2 §11.3.3.3); the profile begins with its own length.
    private mutating func inflateProfile(_ data: Span<UInt8>) -> [UInt8]? {
        var nameEnd = 0
        while nameEnd < min(data.count, 80), data[nameEnd] != 0 { nameEnd += 1 }
        guard nameEnd + 2 < data.count, data[nameEnd] == 0, data[nameEnd + 1] == 0 else {
            warn("ignored an ICC profile: its chunk is damaged")
            return nil
        }
        let deflated = data.extracting((nameEnd + 2)..<data.count)
        let start = Self.inflate(deflated, count: 4)
        let declared = start.count == 4 ? Self.bigEndian(start, at: 0) : 0
        guard declared <= limits.maximumProfileBytes else {
            warn("ignored an ICC profile of \(declared) bytes: too large")
            return nil
        }
        let profile = Self.inflate(deflated, count: declared)
        guard declared >= 128, profile.count == declared else {
            warn("ignored an ICC profile: it is damaged")
            return nil
        }
        return profile
    }

    private mutating func checkCRC(of chunk: Chunk) throws(ImageError) {
        var crc = unsafe snug_png_crc(0, chunk.name, chunk.name.count)
        var next = position + 8
        let dataEnd = next + chunk.length
        while next < min(dataEnd, source.byteCount) {
            try fillWindow(from: next)
            let count = min(window.count, dataEnd - next)
            guard count > 0 else { break }
            crc = unsafe snug_png_crc(crc, window, count)
            next += count
        }
        let stored = try bytes(at: dataEnd, count: 4)
        if stored.count == 4, Self.bigEndian(stored, at: 0) != Int(crc) {
            warn("a \(chunk.text) chunk has a wrong CRC")
        }
    }

    // MARK: - Bytes

    private mutating func fillWindow(from start: Int) throws(ImageError) {
        let count = max(0, min(Self.windowByteCount, source.byteCount - start))
        if window.count != count { window = [UInt8](repeating: 0, count: count) }
        windowStart = start
        let read = try Self.read(source, at: start, into: &window)
        if read < count { window.removeLast(count - read) }
    }

    private static func read(
        _ source: ImageSource, at start: Int, into bytes: inout [UInt8]
    ) throws(ImageError) -> Int {
        var span = bytes.mutableSpan
        return try source.read(at: start, into: &span)
    }

    /// Bytes of the file, fewer at its end; small pieces come out of the window.
    private mutating func bytes(at start: Int, count: Int) throws(ImageError) -> [UInt8] {
        guard count <= Self.windowByteCount else { return try source.bytes(at: start, count: count) }
        if start < windowStart || start + count > windowStart + window.count { try fillWindow(from: start) }
        let first = min(max(start - windowStart, 0), window.count)
        return Array(window[first..<min(first + count, window.count)])
    }

    private static func bigEndian(_ bytes: [UInt8], at start: Int) -> Int {
        var value = 0
        for index in start..<start + 4 { value = value << 8 | Int(bytes[index]) }
        return value
    }

    /// The CRC of a chunk whose own CRC still stands at the end of `data`.
    private static func crc(name: [UInt8], data: [UInt8]) -> Int {
        let start = unsafe snug_png_crc(0, name, name.count)
        return Int(unsafe snug_png_crc(start, data, data.count - 4))
    }

    private static func inflate(_ deflated: Span<UInt8>, count: Int) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        let written = unsafe deflated.withUnsafeBufferPointer { input -> Int in
            guard let start = input.baseAddress, count > 0 else { return 0 }
            return unsafe snug_png_inflate(start, input.count, &output, count)
        }
        if written < count { output.removeLast(count - written) }
        return output
    }
}
