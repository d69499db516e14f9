// SPDX-License-Identifier: Apache-2.0

/// Walks through the blocks of a GIF up to its trailer.
struct GIFWalk {
    /// A stretch of the file that is not part of a frame.
    enum Block: Sendable, Hashable {
        case frame(GIFFrame)
        /// The extension that precedes a frame and says how it is shown.
        case control(Range<Int>)
        case comment(Range<Int>)
        /// The number of repetitions.
        case loop(Range<Int>)
        case profile(Range<Int>)
        case xmp(Range<Int>)
        case other(Range<Int>)
        case trailer
    }

    private let limits: DecodingLimits
    private let acceptsTruncation: Bool
    private var reader: SourceReader
    private var blockCount = 0
    private var isAtEnd = false
    private var control: (disposal: GIFFrame.Disposal, transparentIndex: Int?)?

    /// The logical screen as the file declares it.
    let screen: (width: Int, height: Int)
    /// The place of the screen's colours; `nil` for none.
    let palette: Range<Int>?
    /// The end of the blocks so far.
    private(set) var position: Int

    /// - Parameter acceptsTruncation: A frame that the file ends in is taken as far as it goes.
    /// - Throws: `truncated_input`, `io_failed`, `input_changed`.
    init(_ source: ImageSource, limits: DecodingLimits, acceptsTruncation: Bool = false) throws(ImageError) {
        self.limits = limits
        self.acceptsTruncation = acceptsTruncation
        reader = SourceReader(source, windowSize: StructureWalk.windowSize)
        var head = try reader.view(at: 0, count: 13)
        head.order = .littleEndian
        guard let width = head.u16(at: 6), let height = head.u16(at: 8), let flags = head.u8(at: 10), head.count == 13
        else { throw InputFault.truncated("GIF ends inside its header", at: source.byteCount) }
        screen = (width, height)
        palette = Self.palette(flags, at: 13)
        position = palette?.upperBound ?? 13
    }

    private static func palette(_ flags: Int, at offset: Int) -> Range<Int>? {
        flags & 0x80 == 0 ? nil : offset..<offset + 3 << ((flags & 7) + 1)
    }

    /// The next block, `nil` after the trailer.
    /// - Throws: `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`, `input_changed`.
    mutating func next() throws(ImageError) -> Block? {
        guard !isAtEnd else { return nil }
        blockCount += 1
        try InputFault.checkChunks(count: blockCount, limits: limits)
        let start = position
        switch try byte(at: start) {
        case 0x3B:
            isAtEnd = true
            position = start + 1
            return .trailer
        case 0x2C: return .frame(try frame(at: start))
        case 0x21: return try extensionBlock(at: start)
        default: throw InputFault.corrupt("GIF has a block of no known kind", at: start)
        }
    }

    /// The next frame, `nil` when no more follows.
    mutating func nextFrame() throws(ImageError) -> GIFFrame? {
        while let block = try next() {
            if case .frame(let frame) = block { return frame }
        }
        return nil
    }

    private mutating func frame(at start: Int) throws(ImageError) -> GIFFrame {
        var head = try reader.view(at: start, count: 10)
        head.order = .littleEndian
        guard let left = head.u16(at: 1), let top = head.u16(at: 3), let width = head.u16(at: 5),
            let height = head.u16(at: 7), let flags = head.u8(at: 9)
        else { throw InputFault.truncated("GIF ends inside a frame's header", at: reader.byteCount) }
        guard width > 0, height > 0 else { throw InputFault.corrupt("GIF has a frame without pixels", at: start) }
        let own = Self.palette(flags, at: start + 10)
        // The code size precedes the data.
        let data = (own?.upperBound ?? start + 10) + 1
        position = data
        try skipSubBlocks(mayBeCut: acceptsTruncation)
        var frame = GIFFrame(
            left: left, top: top, width: width, height: height, isInterlaced: flags & 0x40 != 0,
            palette: own ?? palette, data: data, range: start..<min(position, reader.byteCount))
        if let control { (frame.disposal, frame.transparentIndex) = control }
        control = nil
        return frame
    }

    private mutating func extensionBlock(at start: Int) throws(ImageError) -> Block {
        let label = try byte(at: start + 1)
        var head = try reader.view(at: start + 2, count: 14)
        head.order = .littleEndian
        position = start + 2
        try skipSubBlocks(mayBeCut: false)
        let range = start..<position
        switch label {
        case 0xF9:
            let flags = head.u8(at: 1) ?? 0
            let disposals: [Int: GIFFrame.Disposal] = [2: .clear, 3: .restore]
            control = (disposals[flags >> 2 & 7] ?? .keep, flags & 1 == 1 ? head.u8(at: 4) : nil)
            return .control(range)
        case 0xFE: return .comment(range)
        case 0xFF where head.has("NETSCAPE2.0", at: 1) || head.has("ANIMEXTS1.0", at: 1): return .loop(range)
        case 0xFF where head.has("ICCRGBG1012", at: 1): return .profile(range)
        case 0xFF where head.has("XMP DataXMP", at: 1): return .xmp(range)
        default: return .other(range)
        }
    }

    private mutating func skipSubBlocks(mayBeCut: Bool) throws(ImageError) {
        while true {
            guard let length = try reader.byte(at: position) else {
                if mayBeCut { return }
                throw InputFault.truncated("GIF ends without a trailer", at: reader.byteCount)
            }
            position += 1 + Int(length)
            if length == 0 { return }
        }
    }

    private mutating func byte(at offset: Int) throws(ImageError) -> UInt8 {
        guard let byte = try reader.byte(at: offset) else {
            throw InputFault.truncated("GIF ends without a trailer", at: reader.byteCount)
        }
        return byte
    }

    /// The bytes in the sub-blocks of an extension with an application's name, at most `limit`.
    mutating func applicationData(_ range: Range<Int>, limit: Int) throws(ImageError) -> [UInt8] {
        try blockData(from: range.lowerBound + 14, to: range.upperBound, limit: limit)
    }

    /// The bytes in the sub-blocks of an extension, at most `limit`.
    mutating func blockData(from start: Int, to end: Int, limit: Int) throws(ImageError) -> [UInt8] {
        var data: [UInt8] = []
        var offset = start
        while offset < end, let length = try reader.byte(at: offset), length > 0, data.count < limit {
            data += try reader.view(at: offset + 1, count: Int(length)).bytes
            offset += 1 + Int(length)
        }
        return data
    }
}
