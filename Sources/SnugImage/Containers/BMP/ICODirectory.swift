// SPDX-License-Identifier: Apache-2.0

/// The images of an icon, of which the largest is taken.
struct ICODirectory: Sendable, Hashable {
    /// The number of images.
    let count: Int
    /// The place of the largest image, the one with the most bits a pixel where several are as large.
    let image: Range<Int>
    /// The image is a PNG; else it is a bitmap with a mask.
    let isPNG: Bool

    /// - Throws: `corrupt_input`, `truncated_input`, `io_failed`, `input_changed`.
    init(_ source: ImageSource) throws(ImageError) {
        let head = ByteView(try source.bytes(at: 0, count: 6), order: .littleEndian)
        count = head.u16(at: 4) ?? 0
        let entries = ByteView(try source.bytes(at: 6, count: count * 16), order: .littleEndian)
        guard entries.count == count * 16, count > 0 else {
            throw InputFault.truncated("icon ends inside its directory", at: source.byteCount)
        }
        var best: (rank: (Int, Int), place: Range<Int>)?
        for index in 0..<count {
            let start = index * 16
            guard let width = entries.u8(at: start), let height = entries.u8(at: start + 1),
                let bits = entries.u16(at: start + 6), let size = entries.u32(at: start + 8),
                let offset = entries.u32(at: start + 12)
            else { continue }
            // A side of 256 or more is written as 0.
            let rank = ((width == 0 ? 256 : width) * (height == 0 ? 256 : height), bits)
            if best.map({ rank > $0.rank }) ?? true { best = (rank, offset..<offset + size) }
        }
        guard let best else { throw InputFault.corrupt("icon has no image", at: 4) }
        image = best.place
        let start = try source.bytes(at: image.lowerBound, count: 8)
        guard start.count == 8 else { throw InputFault.truncated("icon ends before its image", at: source.byteCount) }
        isPNG = start == PNGChunkReader.signature
    }

    /// The PNG inside as a source of its own.
    /// - Throws: `limit_exceeded`, `io_failed`, `input_changed`.
    func png(in source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ImageSource {
        if image.count > limits.maximumMetadataBytes {
            throw InputFault.exceeds(
                "has an image of \(InputFault.grouped(image.count)) bytes in an icon", image.count,
                limit: limits.maximumMetadataBytes, .inputMetadata)
        }
        return ImageSource(bytes: try source.bytes(at: image.lowerBound, count: image.count))
    }
}
