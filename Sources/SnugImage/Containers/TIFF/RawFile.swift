// SPDX-License-Identifier: Apache-2.0

/// A camera's raw file: a TIFF file with the data of a sensor, and with JPEG images of what they show.
struct RawFile {
    /// Directories that are looked at: raw files have about five.
    private static let maximumDirectories = 32
    /// Bytes that the header of an embedded JPEG is looked for in.
    private static let headerBytes = 1 << 17
    /// Tenths of the sensor's pixels that an image of full size has at least: its edges are cut off.
    private static let fullSizeTenths = 9

    /// The kind of file, for messages.
    let kind: String
    let orientation: Orientation
    /// Pixels of the sensor; 0 where no directory tells.
    private(set) var sensorPixels = 0
    /// The embedded JPEG with the most pixels.
    private(set) var largest: (place: Range<Int>, pixels: Int)?

    /// - Returns: `nil` for a file that is no raw file.
    /// - Throws: `truncated_input`, `io_failed`, `input_changed`.
    init?(_ source: ImageSource) throws(ImageError) {
        let start = ByteView(try source.bytes(at: 0, count: 16))
        guard start.has("II*\0") || start.has("MM\0*") else { return nil }
        var file = try TIFFFile(source, start: start)
        let first = try TIFFDirectory(at: file.first, in: &file)
        guard let kind = try TIFFImage.rawKind(first, start: start, in: &file) else { return nil }
        self.kind = kind
        orientation = try first.number(274, in: &file).flatMap(Orientation.init) ?? .upright
        for place in try Self.places(of: &file) {
            do throws(ImageError) {
                try note(TIFFDirectory(at: place, in: &file), in: &file, of: source)
            } catch {
                // One that is cut has no image.
                guard error.code == .truncatedInput else { throw error }
            }
        }
    }

    /// The embedded JPEG that is about as large as the sensor's image.
    var image: Range<Int>? {
        guard let largest, sensorPixels > 0, largest.pixels >= sensorPixels / 10 * Self.fullSizeTenths else {
            return nil
        }
        return largest.place
    }

    /// The directories of the chain, and those directly below them (SubIFDs).
    private static func places(of file: inout TIFFFile) throws(ImageError) -> [Int] {
        var places: [Int] = []
        var next = file.first
        while next != 0, !places.contains(next), places.count < maximumDirectories {
            places.append(next)
            next = (try? TIFFDirectory.next(after: next, in: &file)) ?? 0
        }
        for place in places {
            guard let below = try? TIFFDirectory(at: place, in: &file).entries[330], [4, 13].contains(below.type) else {
                continue
            }
            // A single place is the entry's value, more of them are where it points: in either case at `values`.
            for index in 0..<min(below.count, maximumDirectories) where places.count < maximumDirectories {
                if let place = try file.u32(at: below.values + 4 * index), !places.contains(place) {
                    places.append(place)
                }
            }
        }
        return places
    }

    private mutating func note(
        _ directory: TIFFDirectory, in file: inout TIFFFile, of source: ImageSource
    ) throws(ImageError) {
        // Colour filter array and linear raw (TIFF/EP, DNG).
        if let photometric = try directory.number(262, in: &file), photometric == 32803 || photometric == 34892 {
            noteSensor(try directory.number(256, in: &file) ?? 0, try directory.number(257, in: &file) ?? 0)
        }
        guard let place = try Self.stream(directory, in: &file)?.clamped(to: 0..<source.byteCount), !place.isEmpty
        else {
            return
        }
        let head = try source.bytes(at: place.lowerBound, count: min(place.count, Self.headerBytes))
        guard head.starts(with: [0xFF, JPEGMarker.startOfImage]) else { return }
        var reader = JPEGSegmentReader(ImageSource(bytes: head))
        while let segment = try? reader.next(), segment.marker != JPEGMarker.startOfScan {
            guard JPEGMarker.isFrame(segment.marker) else { continue }
            // T.81 §B.2.2: precision, lines, samples in a line, components.
            let frame = try reader.payload(segment, count: 6)
            guard let height = frame.u16(at: 1), let width = frame.u16(at: 3), let components = frame.u8(at: 5) else {
                return
            }
            switch segment.marker {
            case 0xC0, 0xC1, 0xC2:
                if width * height > largest?.pixels ?? 0 { largest = (place, width * height) }
            // Lossless: the sensor's data, whose columns are spread over components.
            case 0xC3: noteSensor(width * components, height)
            default: break
            }
            return
        }
    }

    private mutating func noteSensor(_ width: Int, _ height: Int) {
        let pixels = width.multipliedReportingOverflow(by: height)
        if !pixels.overflow { sensorPixels = max(sensorPixels, pixels.partialValue) }
    }

    /// The place of a JPEG, by JPEGInterchangeFormat or as the only strip of a directory with JPEG compression.
    private static func stream(
        _ directory: TIFFDirectory, in file: inout TIFFFile
    ) throws(ImageError) -> Range<Int>? {
        var found = (try directory.number(513, in: &file), try directory.number(514, in: &file))
        if let compression = try directory.number(259, in: &file), [6, 7].contains(compression),
            directory.entries[273]?.count == 1
        {
            found = (try directory.number(273, in: &file), try directory.number(279, in: &file))
        }
        guard let start = found.0, let count = found.1, start > 0, count > 0 else { return nil }
        let (end, overflows) = start.addingReportingOverflow(count)
        return overflows ? nil : start..<end
    }
}
