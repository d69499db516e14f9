// SPDX-License-Identifier: Apache-2.0

/// The headers of a BMP, or of a bitmap without a file header inside an icon.
struct BMPHeader: Sendable, Hashable {
    /// Lengths of the headers that exist: OS/2 1 and 2, Windows 3, its additions, 4 and 5.
    private static let lengths: Set<Int> = [12, 16, 40, 52, 56, 64, 108, 124]

    let width: Int
    let height: Int
    /// The first row stored is the upper one.
    let isTopDown: Bool
    let bitsPerPixel: Int
    let compression: BMPCompression
    /// Red, green, blue and alpha of 16 and 32 bits.
    let channels: [BMPChannel]
    /// The place of the colours, blue first.
    let palette: Range<Int>
    /// Bytes of each colour.
    let paletteStride: Int
    /// The first byte of the pixels.
    let pixels: Int
    /// The place of the profile; `nil` for none.
    let profile: Range<Int>?

    /// Bytes from row to row where rows are not coded as runs.
    var stride: Int { (width * bitsPerPixel + 31) / 32 * 4 }
    var hasPalette: Bool { bitsPerPixel <= 8 }
    /// Pixels have an alpha channel by their masks.
    var hasAlpha: Bool { !hasPalette && channels.count == 4 && channels[3].maximum > 0 }

    /// Reads the headers.
    /// - Parameters:
    ///   - start: The offset of the bitmap's header, 14 in a file.
    ///   - isIcon: No file header says where the pixels are, and the height counts the mask too.
    /// - Throws: `corrupt_input`, `truncated_input`, `unsupported_feature`, `io_failed`, `input_changed`.
    init(_ source: ImageSource, at start: Int = 14, isIcon: Bool = false) throws(ImageError) {
        let head = ByteView(try source.bytes(at: start, count: 124 + 16), order: .littleEndian)
        guard let length = head.u32(at: 0), let fields = Fields(head, length: length) else {
            throw head.count < 16
                ? InputFault.truncated("BMP ends inside its header", at: source.byteCount)
                : InputFault.corrupt(
                    "BMP has a header of \(head.u32(at: 0) ?? 0) bytes, which does not exist", at: start)
        }
        guard Self.lengths.contains(length) else {
            throw InputFault.corrupt("BMP has a header of \(length) bytes, which does not exist", at: start)
        }
        guard head.count >= length else {
            throw InputFault.truncated("BMP ends inside its header", at: source.byteCount)
        }
        compression = try Self.compression(fields, headerLength: length)
        width = fields.width
        height = isIcon ? abs(fields.height) / 2 : abs(fields.height)
        isTopDown = fields.height < 0
        bitsPerPixel = fields.bitsPerPixel
        guard width > 0, height > 0 else {
            throw InputFault.corrupt("BMP has the impossible size \(width)×\(fields.height)", at: start + 4)
        }
        // After the header of Windows 3 come the masks, which the others contain.
        let maskCount = length == 40 && !compression.isRunLength ? [3: 3, 6: 4][compression.rawValue] ?? 0 : 0
        channels = try Self.channels(
            fields, compression, head, maskCount: maskCount, length: length, at: start,
            isIcon: isIcon)
        paletteStride = length == 12 ? 3 : 4
        let colours = start + length + 4 * maskCount
        let used = fields.coloursUsed
        let count = bitsPerPixel > 8 ? 0 : min(used > 0 ? used : 1 << bitsPerPixel, 256)
        let announced = ByteView(try source.bytes(at: 10, count: 4), order: .littleEndian).u32(at: 0) ?? 0
        // An offset inside of the headers is none; the colours end where the pixels begin.
        let behindHeaders = colours + (bitsPerPixel > 8 && isIcon ? 0 : count * paletteStride)
        pixels = isIcon || announced < colours ? behindHeaders : announced
        palette = colours..<max(colours, min(colours + count * paletteStride, pixels))
        profile = length == 124 ? Self.profile(head, at: start) : nil
    }

    private static func compression(_ fields: Fields, headerLength: Int) throws(ImageError) -> BMPCompression {
        let depths: [BMPCompression: Set<Int>] = [
            .none: [1, 2, 4, 8, 16, 24, 32], .runs8: [8], .runs4: [4], .masks: [16, 32], .masksWithAlpha: [16, 32],
        ]
        // OS/2 has other meanings for the numbers from 3 on.
        guard let compression = BMPCompression(rawValue: fields.compression),
            headerLength != 64 || compression.rawValue < 3
        else {
            throw ImageError(
                .unsupportedFeature,
                "is a BMP with compression \(fields.compression), which is not supported; save it as a PNG")
        }
        guard depths[compression]?.contains(fields.bitsPerPixel) == true else {
            throw ImageError(
                .corruptInput,
                "is a BMP of \(fields.bitsPerPixel) bits a pixel with compression \(fields.compression), which does not "
                    + "exist; export it again")
        }
        return compression
    }

    private static func channels(
        _ fields: Fields, _ compression: BMPCompression, _ head: ByteView, maskCount: Int, length: Int, at start: Int,
        isIcon: Bool
    ) throws(ImageError) -> [BMPChannel] {
        var masks: [Int] = []
        switch (compression, fields.bitsPerPixel) {
        case (.masks, _), (.masksWithAlpha, _):
            let count = maskCount > 0 ? maskCount : length >= 56 ? 4 : 3
            masks = (0..<count).compactMap { head.u32(at: 40 + 4 * $0) }
        case (_, 16): masks = [0x7C00, 0x3E0, 0x1F]
        // Only icons have alpha without saying so.
        case (_, 32): masks = [0xFF0000, 0xFF00, 0xFF] + (isIcon ? [0xFF00_0000] : [])
        default: return []
        }
        let channels = masks.compactMap(BMPChannel.init(mask:))
        guard channels.count == masks.count, channels.count >= 3 else {
            throw InputFault.corrupt("BMP has bit masks that are no channels", at: start + 40)
        }
        return channels
    }

    /// PROFILE_EMBEDDED of version 5; a linked profile is a path on another machine.
    private static func profile(_ head: ByteView, at start: Int) -> Range<Int>? {
        guard head.u32(at: 56) == 0x4D42_4544, let offset = head.u32(at: 112), let count = head.u32(at: 116), count > 0
        else { return nil }
        return start + offset..<start + offset + count
    }

    /// The fields that all headers have.
    private struct Fields {
        var width: Int
        var height: Int
        var bitsPerPixel: Int
        var compression = 0
        var coloursUsed = 0

        init?(_ head: ByteView, length: Int) {
            if length == 12 {
                guard let width = head.u16(at: 4), let height = head.u16(at: 6), let bits = head.u16(at: 10) else {
                    return nil
                }
                (self.width, self.height, bitsPerPixel) = (width, height, bits)
                return
            }
            guard let width = head.u32(at: 4), let height = head.u32(at: 8), let bits = head.u16(at: 14) else {
                return nil
            }
            self.width = Int(Int32(truncatingIfNeeded: width))
            self.height = Int(Int32(truncatingIfNeeded: height))
            bitsPerPixel = bits
            guard length >= 40 else { return }
            compression = head.u32(at: 16) ?? 0
            coloursUsed = head.u32(at: 32) ?? 0
        }
    }
}
