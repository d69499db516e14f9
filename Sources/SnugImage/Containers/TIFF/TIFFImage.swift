// SPDX-License-Identifier: Apache-2.0

/// One page of a TIFF file, by its tags.
struct TIFFImage {
    /// Pages that are looked for.
    private static let maximumPages = 10_000

    let width: Int
    let height: Int
    let bitsPerSample: Int
    let orientation: Orientation
    let colourModel: ColourModel
    /// Bytes that a decoder holds beside the rows: a tile, or the longest compressed strip.
    let bufferBytes: Int
    /// Places in the file.
    let profile: Range<Int>?
    let xmp: Range<Int>?
    let exif: Bool
    let pageCount: Int

    /// - Parameter page: Counted from 0.
    /// - Throws: `unsupported_format` for a camera's raw file; `invalid_argument` for a page that is not there;
    ///   `truncated_input`, `corrupt_input`, `io_failed`, `input_changed`.
    init(_ source: ImageSource, start: ByteView, page: Int = 0) throws(ImageError) {
        var file = try TIFFFile(source, start: start)
        let directory: TIFFDirectory
        (directory, pageCount) = try Self.directory(ofPage: page, in: &file)
        let raw = try Self.rawKind(directory, start: start, in: &file)
        if let raw {
            throw ImageError(
                .unsupportedFormat,
                "is a camera's raw file (\(raw)) without an embedded JPEG of full size; export it as JPEG or TIFF with a raw "
                    + "developer")
        }
        width = try directory.number(256, in: &file) ?? 0
        height = try directory.number(257, in: &file) ?? 0
        bitsPerSample = try directory.number(258, in: &file) ?? 1
        orientation = try directory.number(274, in: &file).flatMap(Orientation.init) ?? .upright
        let samples = try directory.number(277, in: &file) ?? 1
        let photometric = try directory.number(262, in: &file)
        let extras = directory.entries[338]?.count ?? 0
        colourModel = Self.colourModel(photometric, hasExtra: extras > 0 && extras < samples)
        let tile = try (directory.number(322, in: &file) ?? 0).multipliedReportingOverflow(
            by: directory.number(323, in: &file) ?? 0)
        bufferBytes = tile.overflow ? .max : min(tile.partialValue, 1 << 32) * min(samples, 64) * 8
        profile = directory.bytes(34675)
        xmp = directory.bytes(700)
        exif = directory.entries[34665] != nil
        guard width > 0, height > 0 else {
            throw ImageError(.corruptInput, "does not say how large its image is; get it again")
        }
    }

    private static func colourModel(_ photometric: Int?, hasExtra: Bool) -> ColourModel {
        switch photometric {
        case 0, 1, nil: hasExtra ? .grayAlpha : .gray
        case 3: .palette
        case 5: .cmyk
        default: hasExtra ? .rgba : .rgb
        }
    }

    /// The directory of a page, counted from 0, and the number of pages.
    /// - Throws: `invalid_argument` for a page that is not there, and what reading throws.
    static func directory(
        ofPage page: Int, in file: inout TIFFFile
    ) throws(ImageError) -> (directory: TIFFDirectory, pageCount: Int) {
        let places = try pages(of: &file)
        guard places.indices.contains(page) else { throw FramePage.missing(page, of: places.count) }
        return (try TIFFDirectory(at: places[page], in: &file), places.count)
    }

    /// The places of the directories, each once: links may lead back.
    private static func pages(of file: inout TIFFFile) throws(ImageError) -> [Int] {
        var places: [Int] = []
        var seen: Set<Int> = []
        var place = file.first
        while place != 0, places.count < maximumPages, seen.insert(place).inserted {
            do throws(ImageError) {
                let next = try TIFFDirectory.next(after: place, in: &file)
                places.append(place)
                place = next
            } catch {
                // A broken later page is not counted.
                if places.isEmpty || error.code != .truncatedInput { throw error }
                break
            }
        }
        return places
    }

    /// Raw files are TIFF files, whose images for display are small.
    static func rawKind(
        _ directory: TIFFDirectory, start: ByteView, in file: inout TIFFFile
    ) throws(ImageError) -> String? {
        if directory.entries[50706] != nil { return "DNG" }
        if start.has("CR", at: 8) { return "CR2" }
        // Colour filter array and linear raw (TIFF/EP, DNG).
        if let kind = try directory.number(262, in: &file), kind == 32803 || kind == 34892 { return "sensor data" }
        // A preview (NewSubfileType 1) with the sensor's data in a directory below (SubIFDs), by a camera's maker.
        guard try directory.number(254, in: &file) == 1 || directory.entries[46] != nil, directory.entries[330] != nil,
            let maker = directory.bytes(271)
        else { return nil }
        let name = try file.text(at: maker.lowerBound, limit: min(maker.count, 32))
        return name.isEmpty ? nil : "by \(name)"
    }
}

extension TIFFFile {
    /// Characters up to the next NUL, those of ASCII.
    mutating func text(at offset: Int, limit: Int) throws(ImageError) -> String {
        var text = ""
        for index in 0..<limit {
            guard let byte = try u8(at: offset + index), (0x20..<0x7F).contains(byte), let value = UInt8(exactly: byte)
            else { break }
            text.unicodeScalars.append(Unicode.Scalar(value))
        }
        return text
    }
}
