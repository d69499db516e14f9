// SPDX-License-Identifier: Apache-2.0

extension ImageProbe {
    private enum Tag {
        /// Description, maker, model, software, date, artist, copyright (TIFF 6.0 §8).
        static let described = [270, 271, 272, 305, 306, 315, 33432]
        static let packet = 700, records = 33723, resources = 34377, exif = 34665, position = 34853
        /// Their contents have places of their own in the file.
        static let unmovable: Set<Int> = [0x927C, 0xA005]
    }

    /// EXIF, XMP and IPTC records of a page of a TIFF file, whose EXIF is spread over it, as a block of their own.
    /// - Parameter number: The page, from 1.
    static func tiffMetadata(
        of source: ImageSource, limits: DecodingLimits, page number: Int = 1
    ) throws(ImageError) -> EmbeddedMetadata {
        let start = ByteView(try source.bytes(at: 0, count: min(16, source.byteCount)))
        var file = try TIFFFile(source, start: start)
        let page = try TIFFImage.directory(ofPage: max(number, 1) - 1, in: &file).directory
        let described = try values(of: page, in: &file) { Tag.described.contains($0) }
        var below: [(tag: Int, values: [EXIFEditor.Value])] = []
        for tag in [Tag.exif, Tag.position] {
            guard let place = try page.number(tag, in: &file), place < file.byteCount else { continue }
            let values = try values(of: TIFFDirectory(at: place, in: &file), in: &file) { !Tag.unmovable.contains($0) }
            if !values.isEmpty { below.append((tag, values)) }
        }
        var metadata = EmbeddedMetadata()
        if !described.isEmpty || !below.isEmpty { metadata.exif = EXIFEditor.block(described, directories: below) }
        func content(_ tag: Int) throws(ImageError) -> [UInt8]? {
            guard let entry = page.entries[tag] else { return nil }
            return try file.bytes(of: entry, limit: limits.maximumMetadataBytes)
        }
        metadata.xmp = try content(Tag.packet)
        let profiles = [try content(Tag.resources), try content(Tag.records)].compactMap(\.self)
        metadata.resources = profiles.lazy.compactMap(PhotoshopResources.resources(ofProfile:)).first
        return metadata
    }

    private static func values(
        of directory: TIFFDirectory, in file: inout TIFFFile, where isWanted: (Int) -> Bool
    ) throws(ImageError) -> [EXIFEditor.Value] {
        var values: [EXIFEditor.Value] = []
        // More than EXIF can have in a JPEG is of no use.
        for (tag, entry) in directory.entries.sorted(by: { $0.key < $1.key }) where isWanted(tag) {
            guard (1...12).contains(entry.type), let bytes = try file.bytes(of: entry, limit: 1 << 14) else { continue }
            values.append((tag, entry.type, entry.count, file.bigEndian(bytes, type: entry.type)))
        }
        return values
    }
}
