// SPDX-License-Identifier: Apache-2.0

/// The EXIF facts that change how an image looks, and EXIF blocks made or mended for an output.
struct EXIFBlock {
    /// The orientation that a file declares.
    enum OrientationTag: Hashable {
        case absent
        case valid(Orientation)
        /// Said in a way that nobody can rely on; the image is taken as upright.
        case invalid(String)
    }

    private static let orientationTag = 0x0112
    private static let exifDirectoryTag = 0x8769
    private static let colourSpaceTag = 0xA001

    private let block: TIFFBlock

    /// Reads a TIFF block, without the `Exif\0\0` that precedes it in a JPEG; `nil` when it is none.
    init?(_ bytes: [UInt8]) {
        guard let block = TIFFBlock(bytes) else { return nil }
        self.block = block
    }

    /// EXIF 2.32 tag 0x0112: one SHORT of 1…8, said once.
    var orientation: OrientationTag {
        let entries = block.entries(at: block.firstDirectory).filter { $0.tag == Self.orientationTag }
        guard let entry = entries.first else { return .absent }
        guard entries.count == 1 else { return .invalid("EXIF gives the orientation \(entries.count) times") }
        guard entry.type == 3, let value = TIFFBlock.number(entry, in: block.view) else {
            return .invalid("EXIF gives the orientation with a wrong type or count")
        }
        guard let orientation = Orientation(rawValue: value) else {
            return .invalid("EXIF gives the orientation \(value), which does not exist")
        }
        return .valid(orientation)
    }

    /// EXIF 2.32 tag 0xA001: the samples are sRGB.
    var declaresSRGB: Bool {
        let pointer = block.entries(at: block.firstDirectory).first { $0.tag == Self.exifDirectoryTag }
        guard let pointer, let offset = TIFFBlock.number(pointer, in: block.view) else { return false }
        let space = block.entries(at: offset).first { $0.tag == Self.colourSpaceTag }
        return space.flatMap { TIFFBlock.number($0, in: block.view) } == 1
    }

    /// The block with its orientation set to upright and without the thumbnail.
    ///
    /// An image that was turned must not be turned again by its reader, and a thumbnail shows what the image was
    /// before. The thumbnail's directory is unlinked; its bytes go when they are the block's last.
    func uprightWithoutThumbnail() -> [UInt8] {
        var bytes = block.view.bytes
        for entry in block.entries(at: block.firstDirectory) where entry.tag == Self.orientationTag {
            put(3, width: 2, at: entry.offset + 2, in: &bytes)
            put(1, width: 4, at: entry.offset + 4, in: &bytes)
            put(1, width: 2, at: entry.offset + 8, in: &bytes)
            put(0, width: 2, at: entry.offset + 10, in: &bytes)
        }
        guard let link = block.nextDirectoryField(of: block.firstDirectory),
            let second = block.view.u32(at: link), second != 0
        else { return bytes }
        put(0, width: 4, at: link, in: &bytes)
        let entries = block.entries(at: second)
        func number(_ tag: Int) -> Int? {
            entries.first { $0.tag == tag }.flatMap { TIFFBlock.number($0, in: block.view) }
        }
        // JPEGInterchangeFormat and its length: EXIF 2.32 §4.6.5.
        if let start = number(0x0201), let length = number(0x0202), start > link + 4, start + length == bytes.count {
            bytes.removeLast(length)
        }
        return bytes
    }

    /// The smallest block that says `orientation`: 26 bytes.
    static func minimal(_ orientation: Orientation) -> [UInt8] {
        [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8]  // "MM", 42, the directory's offset
            + [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(truncatingIfNeeded: orientation.rawValue), 0, 0]
            + [0, 0, 0, 0]
    }

    private func put(_ value: Int, width: Int, at offset: Int, in bytes: inout [UInt8]) {
        guard offset >= 0, offset <= bytes.count - width else { return }
        for index in 0..<width {
            let shift = 8 * (block.view.order == .bigEndian ? width - 1 - index : index)
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
