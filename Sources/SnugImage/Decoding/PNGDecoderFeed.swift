// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Hands a decoder the chunks of a PNG file that make the image, and no others.
///
/// libpng's push reader, which reads what comes before the image, holds a whole chunk in memory before it looks at it,
/// even one that it ignores. Text, unknown chunks and the like are skipped here, so their size costs nothing.
struct PNGDecoderFeed {
    /// The end of the file, as far as it was read.
    enum End { case notReached, complete, cutOff }

    private static let windowByteCount = 64 << 10

    private let limits: DecodingLimits
    /// Checks the CRCs of skipped chunks too.
    private let checksEveryChunk: Bool
    private var chunks: PNGChunkReader
    /// End of the bytes of the current chunk that libpng gets; at first the end of the signature.
    private var feedEnd = PNGChunkReader.signature.count
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
        self.limits = limits
        self.checksEveryChunk = checksEveryChunk
        chunks = PNGChunkReader(source, windowSize: Self.windowByteCount)
        guard source.byteCount > 0 else { throw ImageError(.emptyInput, "is empty; there is nothing to read") }
        let start = try chunks.reader.view(at: 0, count: PNGChunkReader.signature.count)
        guard start.bytes == PNGChunkReader.signature else {
            throw ImageError(.notAnImage, "does not begin as a PNG does; check what wrote it")
        }
    }

    /// Passes on some bytes of the image's chunks.
    /// - Returns: False when there are no more: see ``end``.
    /// - Throws: `corrupt_input`, `unsupported_feature`, `limit_exceeded`, `memory_exceeded`, `io_failed`,
    ///   `input_changed`.
    mutating func push(to handle: borrowing PNGDecoderHandle) throws(ImageError) -> Bool {
        if handle.holdsRows {
            _ = try handle.push(Span())
            return true
        }
        if position >= feedEnd {
            guard try findNextChunk() else { return false }
        }
        let available = try chunks.reader.load(position..<feedEnd)
        guard !available.isEmpty else { return false }
        let window = chunks.reader.window
        position += try handle.push(window.span.extracting(available))
        return true
    }

    /// Notes something odd; only the first few texts are kept, as a file can hold any number of reasons.
    private mutating func warn(_ text: String) {
        if warnings.count < 8 { warnings.append(text) }
    }

    /// Skips chunks up to one that libpng needs.
    private mutating func findNextChunk() throws(ImageError) -> Bool {
        while true {
            position = chunks.position
            guard !hasSeenEnd else {
                end = .complete
                return false
            }
            guard position + 8 <= chunks.reader.byteCount, let chunk = try chunks.next() else {
                end = .cutOff
                return false
            }
            try checkPlace(of: chunk)
            switch chunk.type {
            case "IHDR":
                if !hasSeenHeader { try checkHeader(chunk) }
                return pass(chunk)
            case "IEND":
                hasSeenEnd = isWhole(chunk)
                return pass(chunk)
            case "PLTE", "tRNS", "IDAT": return pass(chunk)
            case "iCCP" where !hasSeenProfile: try readProfile(chunk)
            default:
                guard !chunk.isCritical else {
                    throw ImageError(
                        .unsupportedFeature,
                        "needs a PNG extension that is not supported (\(chunk.type)); save it as a plain PNG")
                }
                if checksEveryChunk, isWhole(chunk), try !chunks.isIntact(chunk) {
                    warn("a \(chunk.type) chunk has a wrong CRC")
                }
            }
        }
    }

    private mutating func pass(_ chunk: PNGChunk) -> Bool {
        feedEnd = min(chunk.range.upperBound, chunks.reader.byteCount)
        return true
    }

    private func isWhole(_ chunk: PNGChunk) -> Bool { chunk.range.upperBound <= chunks.reader.byteCount }

    private mutating func checkPlace(of chunk: PNGChunk) throws(ImageError) {
        guard hasSeenHeader || chunk.type == "IHDR" || chunk.type == "CgBI" else {
            throw ImageError(.corruptInput, "is a PNG without a header (IHDR); export it again")
        }
        guard chunk.type != "IDAT" else { return }
        chunkCount += 1
        try InputFault.checkChunks(count: chunkCount, limits: limits)
    }

    /// Refuses an image that is too large before libpng sees its size.
    private mutating func checkHeader(_ chunk: PNGChunk) throws(ImageError) {
        let data = try chunks.data(chunk, count: 8)
        guard let width = data.u32(at: 0), let height = data.u32(at: 4), chunk.data.count == 13 else {
            throw ImageError(.corruptInput, "has a damaged PNG header; export it again")
        }
        hasSeenHeader = true
        try InputFault.checkSize(width: width, height: height, limits: limits)
    }

    private mutating func readProfile(_ chunk: PNGChunk) throws(ImageError) {
        hasSeenProfile = true
        // A profile is smaller than its limit once deflated, save for a name and a few bytes of framing.
        guard chunk.data.count <= limits.maximumProfileBytes + 1024 else {
            return warn("ignored an ICC profile of \(chunk.data.count) bytes: too large")
        }
        guard isWhole(chunk) else { return }
        guard try chunks.isIntact(chunk) else { return warn("ignored an ICC profile: its chunk has a wrong CRC") }
        let data = try chunks.data(chunk, count: chunk.data.count).bytes
        iccProfile = inflateProfile(data.span)
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
        let declared = ByteView(Self.inflate(deflated, count: 4)).u32(at: 0) ?? 0
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
