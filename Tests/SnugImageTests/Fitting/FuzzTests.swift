// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

/// Damaged images through everything that a stranger's file goes through.
///
/// A few seconds by default; `SNUG_FUZZ_SECONDS` makes it a campaign, best under AddressSanitizer (`make fuzz`). Every
/// failure names its seed.
@Suite struct FuzzTests {
    private static let seconds = ProcessInfo.processInfo.environment["SNUG_FUZZ_SECONDS"].flatMap(Double.init) ?? 3

    /// Valid files of many kinds: the fixtures, and a few drawn.
    private static func corpus() throws -> [[UInt8]] {
        var files = [
            try DrawnImage.jpeg(DrawnImage.scene(width: 90, height: 70), segments: [DrawnImage.exif(.rotated90)]),
            try DrawnImage.jpeg(DrawnImage.scene(width: 64, height: 64), coding: .progressive),
            try DrawnImage.png(DrawnImage.scene(width: 50, height: 40, channels: 4)),
            try DrawnImage.png(DrawnImage.screen(width: 80, height: 60)),
        ]
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        for case let url as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            ?? .init()
        where ["jpg", "png", "webp", "gif", "bmp", "ico"].contains(url.pathExtension) {
            files.append([UInt8](try Data(contentsOf: url)))
        }
        return files
    }

    private static func damaged(_ file: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = file
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: bytes.removeSubrange(place..<min(place + Int.random(in: 1...40, using: &random), bytes.count))
            case 3: bytes.insert(contentsOf: bytes[place..<min(place + 30, bytes.count)], at: place)
            case 4: bytes[place] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random) ?? 0
            default: bytes.removeLast(Int.random(in: 0...bytes.count / 2, using: &random))
            }
        }
        return bytes
    }

    @Test("Damaged files are errors or images within the limit, never a crash or a hang")
    func wholeFit() async throws {
        let files = try Self.corpus()
        let fitter = ImageFitter(configuration: .init(memory: 64 << 20, threads: 2))
        let decodingLimits = DecodingLimits(maximumPixelCount: 4_000_000, maximumScanWork: 40_000_000)
        let start = ContinuousClock.now
        var seed: UInt64 = UInt64(ProcessInfo.processInfo.environment["SNUG_FUZZ_SEED"] ?? "") ?? 0
        while ContinuousClock.now - start < .seconds(Self.seconds) {
            seed += 1
            var random = SeededGenerator(seed: seed)
            let bytes = Self.damaged(files.randomElement(using: &random) ?? [], &random)
            let limits = Limits(
                byteLimit: Int.random(in: 300...20_000, using: &random),
                maximumSide: Bool.random(using: &random) ? Int.random(in: 1...100, using: &random) : nil,
                formats: Bool.random(using: &random) ? [.jpeg, .png] : [.jpeg, .png, .webp, .gif])
            let policy = FitPolicy(
                strategy: Bool.random(using: &random) ? .best : .stepped,
                metadata: Bool.random(using: &random) ? .keep : .strip,
                background: Bool.random(using: &random) ? .white : nil,
                recoversPartialImages: Bool.random(using: &random),
                decodingLimits: decodingLimits)
            do {
                let image = try await fitter.fit(ImageSource(bytes: bytes), limits: limits, policy: policy)
                #expect(image.byteCount <= limits.fileByteLimit, "seed \(seed)")
                let result = image.bytes(of: bytes)
                #expect(result.count == image.byteCount, "seed \(seed)")
                if image.status == .fitted { _ = try DrawnImage.decoded(result) }
            } catch {
                #expect(error is ImageError, "seed \(seed): \(error)")
            }
        }
        #expect(seed > 0)
    }
}
