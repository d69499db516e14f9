// SPDX-License-Identifier: Apache-2.0

/// Changes an EXIF block where it stands: nothing moves but directory entries, so that offsets in maker notes stay right.
///
/// Every offset comes from the file: bytes outside the block are never touched, and the header never changes.
struct EXIFEditor {
    /// Tags of EXIF 2.32.
    enum Tag {
        static let imageWidth = 0x0100, imageHeight = 0x0101, orientation = 0x0112
        static let packet = 0x02BC, photoshop = 0x8649
        static let artist = 0x013B, copyright = 0x8298
        static let exifDirectory = 0x8769, gpsDirectory = 0x8825, interoperability = 0xA005
        static let colourSpace = 0xA001, pixelWidth = 0xA002, pixelHeight = 0xA003, gamma = 0xA500
    }

    private static let headerByteCount = 8
    /// Bytes of one value, by type.
    private static let valueBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

    let order: ByteView.Order
    let firstDirectory: Int
    /// The block as changed so far.
    private(set) var bytes: [UInt8]

    /// `nil` when the bytes are no TIFF block.
    init?(_ bytes: [UInt8]) {
        guard let block = TIFFBlock(bytes) else { return nil }
        self.bytes = bytes
        order = block.view.order
        firstDirectory = block.firstDirectory
    }

    private var view: ByteView { ByteView(bytes, order: order) }

    func entries(_ directory: Int) -> [TIFFBlock.Entry] { TIFFBlock.entries(in: view, at: directory) }

    func directory(_ tag: Int) -> Int? {
        entries(firstDirectory).first { $0.tag == tag }.flatMap { TIFFBlock.number($0, in: view) }
    }

    /// Lets the block describe upright pixels of a size.
    mutating func describe(width: Int, height: Int) {
        set(Tag.orientation, 1, in: firstDirectory)
        set(Tag.imageWidth, width, in: firstDirectory)
        set(Tag.imageHeight, height, in: firstDirectory)
        guard let exif = directory(Tag.exifDirectory) else { return }
        set(Tag.pixelWidth, width, in: exif)
        set(Tag.pixelHeight, height, in: exif)
    }

    /// Lets the block declare sRGB, for samples that were converted.
    mutating func declareSRGB() {
        guard let exif = directory(Tag.exifDirectory) else { return }
        set(Tag.colourSpace, 1, in: exif)
        remove(Tag.gamma, in: exif)
        // DCF 2.0 §3.2.2: the interoperability index R03 stands for Adobe RGB, R98 for sRGB.
        let link = entries(exif).first { $0.tag == Tag.interoperability }
        guard let link, let directory = TIFFBlock.number(link, in: view),
            let index = entries(directory).first(where: { $0.tag == 1 }), index.count == 4,
            view.has("R03", at: index.offset + 8)
        else { return }
        for (position, byte) in "R98".utf8.enumerated() { bytes[index.offset + 8 + position] = byte }
    }

    /// Removes the position: its entries and their values.
    mutating func removePosition() {
        removePosition(in: firstDirectory)
        // Other programs put it here.
        if let exif = directory(Tag.exifDirectory) { removePosition(in: exif) }
        // Metadata inside of metadata, which may state it again.
        for tag in [Tag.packet, Tag.photoshop] { remove(tag, in: firstDirectory) }
    }

    private mutating func removePosition(in directory: Int) {
        let link = entries(directory).first { $0.tag == Tag.gpsDirectory }
        if let gps = link.flatMap({ TIFFBlock.number($0, in: view) }) {
            let entries = entries(gps)
            for entry in entries { clearValue(of: entry) }
            clear(gps..<gps + 2 + 12 * entries.count + 4)
        }
        remove(Tag.gpsDirectory, in: directory)
    }

    /// Removes the names of artist and owner of the rights.
    mutating func removeCopyright() {
        remove(Tag.artist, in: firstDirectory)
        remove(Tag.copyright, in: firstDirectory)
    }

    // MARK: - Entries

    private mutating func set(_ tag: Int, _ value: Int, in directory: Int) {
        for entry in entries(directory) where entry.tag == tag && entry.count == 1 && (3...4).contains(entry.type) {
            let isLong = entry.type == 4 || value > 0xFFFF
            put(isLong ? 4 : 3, width: 2, at: entry.offset + 2)
            clear(entry.offset + 8..<entry.offset + 12)
            put(value, width: isLong ? 4 : 2, at: entry.offset + 8)
        }
    }

    private mutating func remove(_ tag: Int, in directory: Int) {
        while let index = entries(directory).firstIndex(where: { $0.tag == tag }), let count = view.u16(at: directory) {
            clearValue(of: entries(directory)[index])
            let start = directory + 2 + 12 * index
            // The entries after it and the link to the next directory move up.
            let end = min(directory + 2 + 12 * count + 4, bytes.count)
            guard end - start >= 12 else { return }
            bytes.replaceSubrange(start..<end - 12, with: Array(bytes[start + 12..<end]))
            clear(end - 12..<end)
            put(count - 1, width: 2, at: directory)
        }
    }

    /// The bytes of a value; `nil` when they are not all there.
    func value(of entry: TIFFBlock.Entry) -> Range<Int>? {
        guard entry.type > 0, entry.type < Self.valueBytes.count, entry.count > 0, entry.count <= bytes.count else {
            return nil
        }
        let length = entry.count * Self.valueBytes[entry.type]
        let start = length <= 4 ? entry.offset + 8 : view.u32(at: entry.offset + 8) ?? bytes.count
        guard start >= Self.headerByteCount, length <= bytes.count, start <= bytes.count - length else { return nil }
        return start..<start + length
    }

    private mutating func clearValue(of entry: TIFFBlock.Entry) {
        if let range = value(of: entry) { clear(range) }
    }

    private mutating func clear(_ range: Range<Int>) {
        for index in range.clamped(to: Self.headerByteCount..<max(bytes.count, Self.headerByteCount)) {
            bytes[index] = 0
        }
    }

    private mutating func put(_ value: Int, width: Int, at offset: Int) {
        guard offset >= Self.headerByteCount, offset <= bytes.count - width else { return }
        for index in 0..<width {
            let shift = 8 * (order == .bigEndian ? width - 1 - index : index)
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
