// SPDX-License-Identifier: Apache-2.0

/// The primary image of a HEIF or AVIF file, by its properties (ISO/IEC 23008-12 §6.5).
///
/// Auxiliary images (gain maps, depth), thumbnails and tiles are items of their own, and no part of it.
struct ISOImage {
    /// Of the decoded image, before anything is cut off or turned.
    private(set) var width = 0
    private(set) var height = 0
    /// The part that is shown.
    private(set) var crop: (x: Int, y: Int, width: Int, height: Int)?
    private(set) var orientation = Orientation.upright
    private(set) var bitsPerSample = 8
    private(set) var isGray = false
    private(set) var hasAlpha = false
    private(set) var codePoints: CodingIndependentColour?
    private(set) var profile: [UInt8]?
    /// Places of metadata in the file.
    private(set) var exif: [Range<Int>] = []
    private(set) var xmp: [Range<Int>] = []
    /// The end of what the items say they take.
    private(set) var dataEnd = 0
    /// A feature that is not supported, as the end of a sentence about the file.
    private(set) var obstacle: String?

    private let items: ISOItems
    private let primary: Int
    /// The primary image, and the first tile that it is put together from.
    private let coded: [Int]

    /// - Throws: `truncated_input`, `corrupt_input`, `limit_exceeded`, `io_failed`, `input_changed`.
    init(_ source: ImageSource, limits: DecodingLimits) throws(ImageError) {
        items = ISOItems(try Self.metadata(of: source, limits: limits))
        guard let primary = items.primary, items.items[primary] != nil else {
            throw ImageError(
                .unsupportedFeature, "has no still image in it, only a sequence; export one frame as JPEG or PNG")
        }
        self.primary = primary
        let tiles = items.references.first { $0.type == "dimg" && $0.from == primary }
        coded = [primary] + (tiles?.to.prefix(1) ?? [])
        readGeometry()
        readSamples()
        readColour()
        readMetadata()
        dataEnd = items.items.values.flatMap(\.extents).map(\.upperBound).max() ?? 0
        guard width > 0, height > 0 else {
            throw ImageError(.corruptInput, "does not say how large its image is; get it again")
        }
    }

    /// Reads the `meta` box, and no further.
    private static func metadata(of source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ByteView {
        var position = 0
        for _ in 0..<limits.maximumChunkCount where position < source.byteCount {
            let head = ByteView(try source.bytes(at: position, count: 16))
            guard let extent = ISOBox.extent(at: 0, in: head, end: source.byteCount - position) else {
                throw head.count < 16
                    ? InputFault.truncated("file ends inside a box header", at: source.byteCount)
                    : InputFault.corrupt("box has an impossible length", at: position)
            }
            let count = extent.end - extent.header
            if head.has("meta", at: 4) {
                try InputFault.checkMetadata(count: 0, bytes: count, limits: limits)
                guard position + extent.end <= source.byteCount else {
                    throw InputFault.truncated("file ends inside its description of the image", at: source.byteCount)
                }
                return ByteView(try source.bytes(at: position + extent.header, count: count))
            }
            position += extent.end
        }
        throw position >= source.byteCount
            ? InputFault.truncated("file ends before its description of the image", at: source.byteCount)
            : InputFault.corrupt("file has more boxes than are read", at: position)
    }

    private var view: ByteView { items.view }

    // MARK: - Geometry

    private mutating func readGeometry() {
        var turn = PlaneTurn()
        var isTurned = false
        for property in items.properties(of: primary) {
            let start = property.content.lowerBound
            switch property.type {
            case "ispe":
                width = view.u32(at: start + 4) ?? 0
                height = view.u32(at: start + 8) ?? 0
            case "irot":
                turn.rotateCounterclockwise(view.u8(at: start) ?? 0)
                isTurned = true
            case "imir":
                turn.mirror(leftToRight: (view.u8(at: start) ?? 0) & 1 == 1)
                isTurned = true
            case "clap":
                if isTurned {
                    obstacle = "is cut out after it is turned, which is not supported; export it as JPEG or PNG"
                } else {
                    readAperture(at: start)
                }
            default: break
            }
        }
        orientation = turn.orientation
    }

    /// Clean aperture (ISO/IEC 14496-12 §12.1.4): sizes, and the distance of its centre from the image's, as fractions.
    private mutating func readAperture(at start: Int) {
        let values = (0..<8).compactMap { view.u32(at: start + 4 * $0) }
        guard values.count == 8, values[1] > 0, values[3] > 0, values[5] > 0, values[7] > 0 else { return }
        func signed(_ value: Int) -> Double { Double(Int32(truncatingIfNeeded: value)) }
        let shownWidth = Double(values[0]) / Double(values[1])
        let shownHeight = Double(values[2]) / Double(values[3])
        let x = signed(values[4]) / Double(values[5]) + (Double(width) - shownWidth) / 2
        let y = signed(values[6]) / Double(values[7]) + (Double(height) - shownHeight) / 2
        guard shownWidth >= 1, shownHeight >= 1, x >= 0, y >= 0, x + shownWidth <= Double(width),
            y + shownHeight <= Double(height)
        else { return }
        crop = (Int(x), Int(y), Int(shownWidth), Int(shownHeight))
    }

    // MARK: - Samples and colour

    /// True when the tiles of a grid are not listed in the order of their numbers.
    var hasUnorderedTiles: Bool {
        items.references.contains { reference in
            reference.type == "dimg" && reference.from == primary
                && zip(reference.to, reference.to.dropFirst()).contains { $0 > $1 }
        }
    }

    private mutating func readSamples() {
        for property in coded.reversed().flatMap({ items.properties(of: $0) }) {
            let start = property.content.lowerBound
            switch property.type {
            case "pixi":
                if let count = view.u8(at: start + 4), count > 0, let bits = view.u8(at: start + 5) {
                    bitsPerSample = bits
                    isGray = count == 1
                }
            case "hvcC":
                bitsPerSample = (view.u8(at: start + 17) ?? 0) & 7 + 8
                isGray = (view.u8(at: start + 16) ?? 1) & 3 == 0
            case "av1C":
                let flags = view.u8(at: start + 2) ?? 0
                bitsPerSample = flags & 0x40 == 0 ? 8 : flags & 0x20 == 0 ? 10 : 12
                isGray = flags & 0x10 != 0
            default: break
            }
        }
        hasAlpha = items.references.contains { reference in
            reference.type == "auxl" && reference.to.contains(where: coded.contains)
                && items.properties(of: reference.from).contains { isAlpha($0) }
        }
    }

    private func isAlpha(_ property: ISOBox) -> Bool {
        guard property.type == "auxC" else { return false }
        let name = view.latin1(at: property.content.lowerBound + 4, limit: 64)
        return name == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || name == "urn:mpeg:hevc:2015:auxid:1"
    }

    private mutating func readColour() {
        // A grid's tiles have their colours where the grid itself has none.
        for property in coded.reversed().flatMap({ items.properties(of: $0) }) where property.type == "colr" {
            let start = property.content.lowerBound
            switch view.latin1(at: start, limit: 4) {
            case "nclx":
                guard let primaries = view.u16(at: start + 4), let transfer = view.u16(at: start + 6) else { continue }
                // 2 is "unspecified".
                codePoints =
                    primaries == 2 || transfer == 2
                    ? nil : CodingIndependentColour(primaries: primaries, transfer: transfer)
            case "prof", "rICC": profile = view.slice(at: start + 4, count: property.content.count - 4)
            default: break
            }
        }
    }

    private mutating func readMetadata() {
        for reference in items.references where reference.type == "cdsc" && reference.to.contains(primary) {
            guard let item = items.items[reference.from] else { continue }
            if item.type == "Exif" { exif = item.extents }
            if item.type == "mime" { xmp = item.extents }
        }
    }
}
