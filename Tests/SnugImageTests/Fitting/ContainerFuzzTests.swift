// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Damaged files through every reader of containers and every decoder of this process, format by format.
///
/// Numbers are damaged as such: lengths, counts and places become extreme, and parts of files change places. Two seconds by
/// default; `SNUG_FUZZ_SECONDS` makes it a campaign, best under AddressSanitizer (`make fuzz`). Every failure names its seed.
@Suite struct ContainerFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["SNUG_FUZZ_SECONDS"].flatMap(Double.init) ?? 2
    private static let limits = DecodingLimits(
        maximumPixelCount: 1 << 20, maximumScanWork: 1 << 24, maximumMetadataBytes: 1 << 20)

    /// Sound files by the ending of their names.
    private static func corpus() throws -> [[[UInt8]]] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let endings = ["gif", "bmp", "ico", "webp", "heic", "avif", "tif", "jxl", "jpg", "png"]
        var files: [String: [[UInt8]]] = [:]
        let urls = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        for case let url as URL in urls ?? .init() where endings.contains(url.pathExtension) {
            files[url.pathExtension, default: []].append([UInt8](try Data(contentsOf: url)))
        }
        // In the order of the endings, so that a seed means the same file on every machine.
        return endings.map { ending in
            (files[ending] ?? []).filter { $0.count < 100_000 }.sorted { $0.lexicographicallyPrecedes($1) }
        }
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000, 0x3FFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, .max,
    ]

    static func damaged(_ file: [UInt8], among others: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = file
        for _ in 0..<Int.random(in: 1...5, using: &random) where bytes.count > 16 {
            // The structure is at the start of most files.
            let reach = Bool.random(using: &random) ? min(bytes.count, 400) : bytes.count
            let place = Int.random(in: 0..<reach, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[place] = .random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2, 3:
                let width = [1, 2, 3, 4, 8].randomElement(using: &random) ?? 4
                let number = numbers.randomElement(using: &random) ?? 0
                let isLittleEndian = Bool.random(using: &random)
                for index in 0..<width where place + index < bytes.count {
                    let shift = UInt64(8 * (isLittleEndian ? index : width - 1 - index))
                    bytes[place + index] = UInt8(truncatingIfNeeded: number >> shift)
                }
            case 4:
                let count = Int.random(in: 1...60, using: &random)
                bytes.removeSubrange(place..<min(place + count, bytes.count))
            case 5:
                let other = others.randomElement(using: &random) ?? file
                let start = Int.random(in: 0..<other.count, using: &random)
                let end = min(start + Int.random(in: 1...200, using: &random), other.count)
                bytes.insert(contentsOf: other[start..<end], at: place)
            default: bytes.removeLast(Int.random(in: 0...bytes.count / 3, using: &random))
            }
        }
        return bytes
    }

    private func decoded(_ bytes: [UInt8], page: Int?, recovers: Bool) -> (samples: [UInt8], isDamaged: Bool)? {
        var policy = FitPolicy(recoversPartialImages: recovers, decodingLimits: Self.limits)
        policy.page = page
        guard let (samples, _, report) = try? FixtureFolder.decoded(bytes, policy: policy) else { return nil }
        return (samples, report.isDamaged)
    }

    /// Everything that reads a file before its pixels are looked at; then the pixels.
    private func exercise(_ bytes: [UInt8], _ random: inout SeededGenerator, seed: UInt64) throws(ImageError) {
        let source = ImageSource(bytes: bytes)
        _ = try? ContainerEnd(of: source)
        let header = try ImageProbe.header(of: source, limits: Self.limits)
        #expect(header.format.isWalkable || header.width >= 0 && header.height >= 0, "seed \(seed)")
        #expect(header.pixelCount <= Self.limits.maximumPixelCount, "seed \(seed)")
        _ = try ImageProbe.iccProfile(of: source, header: header, limits: Self.limits)
        _ = try ImageProbe.embeddedMetadata(of: source, header: header, limits: Self.limits)
            .describing(width: 7, height: 5, isConverted: true)
        let pages = header.frameCount.map { $0 > 1 ? Int.random(in: 1...min($0, 5), using: &random) : 1 }
        let whole = header.format.isDecodedByWorkers ? nil : decoded(bytes, page: pages, recovers: false)
        if header.format == .tiff {
            let start = ByteView(Array(bytes.prefix(64)))
            _ = try? TIFFImage(source, start: start, page: .random(in: 0...3, using: &random))
        }
        guard header.format.isWalkable else { return }
        let report = try StructureWalk.report(of: source, header: header, limits: Self.limits)
        #expect(report.imageEnd + report.trailingByteCount == bytes.count, "seed \(seed)")
        let metadata = FitPolicy.Metadata.allCases.randomElement(using: &random) ?? .strip
        let stripper = try MetadataStripper(source, header: header, metadata: metadata, limits: Self.limits)
        guard let stripped = try stripper.bytes(byteLimit: .max) else { return }
        // A sound file without its metadata is the same image.
        let after = try ImageProbe.header(of: ImageSource(bytes: stripped), limits: Self.limits)
        #expect(after.width == header.width && after.height == header.height, "seed \(seed)")
        #expect(after.frameCount == header.frameCount && after.orientation == header.orientation, "seed \(seed)")
        if let whole, !whole.isDamaged {
            #expect(decoded(stripped, page: pages, recovers: false)?.samples == whole.samples, "seed \(seed)")
        } else if !header.format.isDecodedByWorkers {
            _ = decoded(bytes, page: pages, recovers: true)
        }
    }

    @Test("Damaged files are errors or sound images, never a crash or a hang, and stripping keeps what is there")
    func containers() throws {
        let corpus = try Self.corpus()
        #expect(corpus.allSatisfy { !$0.isEmpty })
        let start = ContinuousClock.now
        var seed = Self.environment["SNUG_FUZZ_SEED"].flatMap(UInt64.init) ?? 0
        while ContinuousClock.now - start < .seconds(Self.seconds) {
            seed += 1
            var random = SeededGenerator(seed: seed)
            let files = corpus[Int(seed % UInt64(corpus.count))]
            guard let file = files.randomElement(using: &random) else { continue }
            let bytes = Self.damaged(file, among: files, &random)
            do throws(ImageError) {
                try exercise(bytes, &random, seed: seed)
            } catch {
                #expect(!error.message.isEmpty, "seed \(seed)")
            }
        }
        #expect(seed > 0)
    }
}

extension ImageFormat {
    /// Files of the format are checked to their end before they are passed on.
    fileprivate var isWalkable: Bool { [.jpeg, .png, .webp, .gif].contains(self) }
}
