// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Raw files of cameras, laid out as their makers do: where the JPEG images are, and where the sensor's data.
@Suite struct RawFileTests {
    private static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Parts of a file whose places are known once they are put in.
    private struct Layout {
        var bytes: [UInt8]

        init(head: [UInt8] = []) { bytes = Array("II*\0".utf8) + [0, 0, 0, 0] + head }

        mutating func put(_ part: [UInt8]) -> Int {
            if !bytes.count.isMultiple(of: 2) { bytes.append(0) }
            defer { bytes += part }
            return bytes.count
        }
        /// Tags with type, count and value or place.
        mutating func directory(_ entries: [(tag: Int, type: Int, count: Int, value: Int)], next: Int = 0) -> Int {
            let sorted = entries.sorted { $0.tag < $1.tag }
            let fields = sorted.flatMap { entry in
                little(entry.tag, 2) + little(entry.type, 2) + little(entry.count, 4) + little(entry.value, 4)
            }
            return put(little(sorted.count, 2) + fields + little(next, 4))
        }
        func file(first: Int) -> [UInt8] {
            var file = bytes
            file.replaceSubrange(4..<8, with: little(first, 4))
            return file
        }
    }

    private static let sides = (width: 64, height: 40)
    private static func scene() -> Plane { DrawnImage.quarters(width: sides.width, height: sides.height) }
    private static func jpeg() throws -> [UInt8] { try DrawnImage.jpeg(scene(), quality: 95, subsamples: false) }
    private static func thumbnail() throws -> [UInt8] {
        try DrawnImage.jpeg(DrawnImage.quarters(width: 16, height: 10))
    }
    /// A lossless JPEG as far as its frame header (T.81 §B.2.2): two components side by side.
    private static let lossless: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xC3, 0, 14, 14, 0, 42, 0, 33, 2, 1, 0x11, 0, 2, 0x11, 0]
        + [0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 0, 0, 9, 9, 9, 9, 0xFF, 0xD9]

    private static func sensor(_ layout: inout Layout, width: Int = 66, height: Int = 42) -> Int {
        layout.directory([
            (254, 4, 1, 0), (256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, 34713), (262, 3, 1, 32803),
        ])
    }

    /// Nikon's: a small image, and below it a JPEG by its own tags and the sensor's data.
    private static func nef(
        _ jpeg: [UInt8], orientation: Int = 1, sensor size: (Int, Int) = (66, 42)
    ) -> [UInt8] {
        var layout = Layout()
        let place = layout.put(jpeg)
        let preview = layout.directory([(254, 4, 1, 1), (259, 3, 1, 6), (513, 4, 1, place), (514, 4, 1, jpeg.count)])
        let sensor = sensor(&layout, width: size.0, height: size.1)
        let below = layout.put(little(preview, 4) + little(sensor, 4))
        let maker = layout.put(Array("NIKON CORPORATION\0".utf8))
        let first = layout.directory([
            (254, 4, 1, 1), (256, 4, 1, 160), (257, 4, 1, 120), (262, 3, 1, 2), (271, 2, 18, maker),
            (274, 3, 1, orientation), (330, 4, 2, below),
        ])
        return layout.file(first: first)
    }

    /// Canon's: the image as the strip of the first directory, a thumbnail after it, the sensor's data in the last.
    private static func cr2(_ jpeg: [UInt8], orientation: Int = 1) throws -> [UInt8] {
        var layout = Layout(head: Array("CR\u{2}\0".utf8) + [0, 0, 0, 0])
        let (image, data) = (layout.put(jpeg), layout.put(lossless))
        let thumbnail = try thumbnail()
        let small = layout.put(thumbnail)
        let raw = layout.directory([(259, 3, 1, 6), (273, 4, 1, data), (279, 4, 1, lossless.count)])
        let second = layout.directory([(513, 4, 1, small), (514, 4, 1, thumbnail.count)], next: raw)
        let first = layout.directory(
            [
                (256, 3, 1, sides.width), (257, 3, 1, sides.height), (259, 3, 1, 6), (273, 4, 1, image),
                (274, 3, 1, orientation), (279, 4, 1, jpeg.count),
            ], next: second)
        return layout.file(first: first)
    }

    /// Adobe's: a thumbnail without compression, the sensor's data and a JPEG strip below it.
    private static func dng(_ jpeg: [UInt8], orientation: Int = 1) -> [UInt8] {
        var layout = Layout()
        let place = layout.put(jpeg)
        let preview = layout.directory([
            (254, 4, 1, 1), (259, 3, 1, 7), (262, 3, 1, 6), (273, 4, 1, place), (279, 4, 1, jpeg.count),
        ])
        let sensor = sensor(&layout)
        let below = layout.put(little(sensor, 4) + little(preview, 4))
        let first = layout.directory([
            (254, 4, 1, 1), (256, 4, 1, 16), (257, 4, 1, 10), (274, 3, 1, orientation), (330, 4, 2, below),
            (50706, 1, 4, 0x0000_0401),
        ])
        return layout.file(first: first)
    }

    private static func files(_ orientation: Int = 1) throws -> [(kind: String, bytes: [UInt8])] {
        let jpeg = try jpeg()
        return [
            ("by NIKON CORPORATION", nef(jpeg, orientation: orientation)),
            ("CR2", try cr2(jpeg, orientation: orientation)),
            ("DNG", dng(jpeg, orientation: orientation)),
        ]
    }

    private let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))

    @Test("The embedded JPEG of full size is the image, and the report says so", arguments: 0..<3)
    func used(index: Int) async throws {
        let (kind, bytes) = try Self.files()[index]
        let header = try probe(bytes)
        #expect(header.format == .jpeg && header.width == Self.sides.width && header.height == Self.sides.height)
        #expect(header.warnings.first?.contains("raw file (\(kind))") == true)
        let image = try await fitter.fit(ImageSource(bytes: bytes))
        #expect(image.status == .fitted && image.format == .jpeg && image.warnings == [header.warnings[0]])
        // It complies: no pixel changes.
        let output = image.bytes(of: bytes)
        #expect(try DrawnImage.difference(DrawnImage.decoded(output), DrawnImage.decoded(Self.jpeg())) == 0)
        #expect(output.count < bytes.count)
    }

    @Test("The file's orientation is the image's", arguments: Orientation.allCases, 0..<3)
    func orientation(orientation: Orientation, index: Int) async throws {
        let bytes = try Self.files(orientation.rawValue)[index].bytes
        #expect(try probe(bytes).orientation == orientation)
        let image = try await fitter.fit(ImageSource(bytes: bytes), policy: FitPolicy(format: .png))
        let raster = Raster(
            .interleaved(width: Self.sides.width, height: Self.sides.height, channels: 3),
            planes: [try DrawnImage.decoded(Self.jpeg())])
        let expected = raster.upright(orientation).planes[0]
        #expect(try DrawnImage.difference(DrawnImage.decoded(image.bytes(of: bytes)), expected) == 0)
    }

    @Test("A JPEG that says itself how it is turned is believed")
    func ownOrientation() throws {
        let jpeg = try DrawnImage.jpeg(Self.scene(), segments: [DrawnImage.exif(.rotated180)])
        #expect(try probe(Self.nef(jpeg, orientation: 6)).orientation == .rotated180)
    }

    @Test("A limit, a page and a plan mean what they mean for other files")
    func policies() async throws {
        let bytes = Self.nef(try Self.jpeg())
        let image = try await fitter.fit(
            ImageSource(bytes: bytes), limits: Limits(byteLimit: 900, formats: [.jpeg]))
        #expect(image.byteCount <= 900 && image.warnings.first?.contains("raw file") == true)
        var policy = FitPolicy()
        policy.page = 2
        let error = await #expect(throws: ImageError.self) {
            try await fitter.fit(ImageSource(bytes: bytes), policy: policy)
        }
        #expect(error?.code == .invalidArgument)
        let plan = try FitPlan.make(
            source: ImageSource(bytes: bytes), header: probe(bytes), limits: Limits(), policy: FitPolicy())
        #expect(plan.action != .encode && plan.width == Self.sides.width)
    }

    @Test("An image much smaller than the sensor's is not the image: the file is refused with what to do")
    func smallPreview() throws {
        let rows: [[UInt8]] = [
            Self.nef(try Self.thumbnail()), Self.nef(try Self.jpeg(), sensor: (80, 60)),
            // Nothing tells how large the sensor is, or there is no JPEG at all.
            Self.nef(try Self.jpeg(), sensor: (0, 0)), Self.nef([1, 2, 3, 4]), Self.nef(Self.lossless),
        ]
        for bytes in rows {
            let error = #expect(throws: ImageError.self) { try probe(bytes) }
            #expect(error?.code == .unsupportedFormat)
            #expect(error?.message.contains("without an embedded JPEG of full size") == true)
        }
    }

    @Test("An embedded image over the limit on metadata is refused before it is copied")
    func limit() throws {
        let jpeg = try Self.jpeg()
        let error = #expect(throws: ImageError.self) {
            try probe(Self.nef(jpeg), limits: DecodingLimits(maximumMetadataBytes: jpeg.count - 1))
        }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputMetadata])
    }

    @Test("Whatever bytes of the directories become, the file is read or refused", arguments: 0..<3, UInt64(0)..<30)
    func hostile(index: Int, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let file = try Self.files()[index].bytes
        for _ in 0..<30 {
            var bytes = file
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // The directories are behind the images.
                let place = Int.random(in: 0...1, using: &random) == 0 ? 0..<16 : file.count - 300..<file.count
                bytes[.random(in: place, using: &random)] =
                    [0, 1, 8, 0x7F, 0xFF, .random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            _ = try? probe(bytes)
        }
    }

    @Test("Directories that lie in a ring, or below themselves, are each looked at once")
    func rings() throws {
        var layout = Layout()
        let first = layout.bytes.count
        _ = layout.directory(
            [(254, 4, 1, 1), (271, 2, 4, 0x0049_4B4E), (330, 4, 1, first), (262, 3, 1, 32803)], next: first)
        let raw = try #require(try RawFile(ImageSource(bytes: layout.file(first: first))))
        #expect(raw.kind == "sensor data" && raw.largest == nil && raw.sensorPixels == 0)
    }
}
