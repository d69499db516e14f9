// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct ImageFitterTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 2))

    private func fit(
        _ bytes: [UInt8], _ limits: Limits = Limits(), _ policy: FitPolicy = FitPolicy(), memory: Int? = nil
    ) async throws -> FittedImage {
        let fitter = memory.map { ImageFitter(configuration: .init(memory: $0, threads: 1)) } ?? self.fitter
        return try await fitter.fit(ImageSource(bytes: bytes), limits: limits, policy: policy)
    }

    @Test("No result is ever over its limits, whatever they are", arguments: UInt64(0)..<48)
    func limits(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let width = Int.random(in: 1...700, using: &random)
        let height = Int.random(in: 1...500, using: &random)
        let isPNG = Bool.random(using: &random)
        let channels = isPNG ? [1, 3, 4].randomElement(using: &random) ?? 3 : 3
        let scene = DrawnImage.scene(width: width, height: height, channels: channels, seed: seed)
        let input =
            try isPNG
            ? DrawnImage.png(scene) : DrawnImage.jpeg(scene, quality: Double.random(in: 70...99, using: &random))
        let limits = Limits(
            byteLimit: Int.random(in: 600...max(700, input.count), using: &random),
            counting: Bool.random(using: &random) ? .raw : .base64,
            maximumSide: Bool.random(using: &random) ? Int.random(in: 20...600, using: &random) : nil,
            maximumPixelCount: Bool.random(using: &random) ? Int.random(in: 400...200_000, using: &random) : nil)
        let policy = FitPolicy(
            strategy: Bool.random(using: &random) ? .best : .stepped,
            background: Bool.random(using: &random) ? .white : nil)
        do {
            let image = try await fit(input, limits, policy)
            let bytes = image.bytes(of: input)
            #expect(bytes.count == image.byteCount && bytes.count <= limits.fileByteLimit)
            let header = try ImageProbe.header(of: ImageSource(bytes: bytes))
            #expect(header.width == image.width && header.height == image.height && header.format == image.format)
            #expect(max(header.width, header.height) <= limits.maximumSide ?? .max)
            #expect(header.pixelCount <= limits.maximumPixelCount ?? .max)
            #expect(header.uprightWidth <= width && header.uprightHeight <= height)
            _ = try DrawnImage.decoded(bytes)
        } catch let error as ImageError {
            // Only a limit below what a thumbnail takes is out of reach, and the error says how far off it is.
            #expect(error.code == .cannotFit && limits.fileByteLimit < 4000)
            #expect(error.details["smallest_bytes"] != nil)
        }
    }

    @Test("Where the limit costs quality, at least 95 % of it is used", arguments: [30_000, 60_000, 90_000, 130_000])
    func usesTheLimit(limit: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 900, height: 700), quality: 97)
        let image = try await fit(input, Limits(byteLimit: limit))
        #expect(image.status == .fitted && (image.quality ?? 0) < 95)
        #expect(Double(image.byteCount) >= 0.95 * Double(limit))
    }

    @Test(
        "No limit is a cliff: almost all of it is used at any size",
        arguments: [1_200, 2_000, 3_500, 6_000, 10_000, 20_000, 50_000, 100_000, 180_000])
    func noCliffs(limit: Int) async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 900, height: 700, grain: 8), quality: 97)
        let image = try await fit(input, Limits(byteLimit: limit))
        #expect(image.status == .fitted && image.byteCount <= limit)
        #expect(Double(image.byteCount) >= (limit < 2000 ? 0.85 : 0.95) * Double(limit))
    }

    @Test("A JPEG is limited by its own quality, not by a ceiling for pixels; an explicit ceiling caps")
    func ceilings() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 600, height: 400, grain: 20), quality: 99)
        let limits = Limits(byteLimit: input.count * 85 / 100)
        let image = try await fit(input, limits)
        #expect(Double(image.byteCount) >= 0.97 * Double(limits.byteLimit) && (image.quality ?? 0) > 95)
        let capped = try await fit(input, limits, FitPolicy(qualityCeiling: 80))
        #expect(capped.byteCount < image.byteCount && (capped.quality ?? 100) <= 82)
    }

    @Test("Coloured lines keep their chroma resolution", arguments: [0.9, 0.6])
    func colouredLines(share: Double) async throws {
        let plane = DrawnImage.scene(width: 480, height: 320, grain: 3)
        for y in stride(from: 20, to: 300, by: 7) {
            var row = plane.mutableRow(y)
            for x in 20..<460 where x % 5 < 3 {
                row[3 * x] = 255
                row[3 * x + 1] = 0
                row[3 * x + 2] = 0
            }
        }
        let input = try DrawnImage.jpeg(plane, quality: 95, subsamples: false)
        let image = try await fit(input, Limits(byteLimit: Int(Double(input.count) * share)))
        let header = try ImageProbe.header(of: ImageSource(bytes: image.bytes(of: input)))
        #expect(header.chromaSubsampling == .s444 && image.scale == 1)
    }

    @Test("Thin images are scaled like others", arguments: [(2000, 16, 2500), (1500, 3, 1500), (20, 3000, 4000)])
    func thin(width: Int, height: Int, limit: Int) async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: width, height: height, grain: 40))
        let image = try await fit(input, Limits(byteLimit: limit), FitPolicy(format: .jpeg))
        #expect(image.byteCount <= limit && image.width >= 1 && image.height >= 1)
    }

    @Test("Damage that only the image data show is found while fitting, and salvaged on request")
    func damage() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 400), quality: 95)
        let scan = try #require(try SequentialScan.read(ImageSource(bytes: input)))
        var cut = input
        // Bytes taken out of the middle: everything behind is out of step.
        cut.removeSubrange(
            scan.data.lowerBound + scan.data.count / 2..<scan.data.lowerBound + scan.data.count / 2 + 400)
        let limits = Limits(byteLimit: input.count / 2)
        await #expect { try await fit(cut, limits) } throws: {
            [.corruptInput, .truncatedInput].contains(($0 as? ImageError)?.code)
        }
        let salvaged = try await fit(cut, limits, FitPolicy(recoversPartialImages: true))
        #expect(salvaged.status == .fitted && salvaged.byteCount <= limits.byteLimit)
    }

    @Test("What complies and is sound is copied, trailing bytes are cut off, a broken file is never passed on")
    func copies() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 120, height: 90))
        let copied = try await fit(input)
        #expect(copied.status == .copied && copied.byteCount == input.count)
        let trailing = try await fit(input + [UInt8](repeating: 1, count: 500))
        #expect(trailing.status == .stripped && trailing.bytes(of: []) == input)
        await #expect { try await fit(Array(input.prefix(input.count / 2))) } throws: {
            ($0 as? ImageError)?.code == .truncatedInput
        }
        let endless = try await fit(Array(input.dropLast(2)))
        #expect(endless.status == .fitted && !endless.warnings.isEmpty)
        let png = try DrawnImage.png(DrawnImage.scene(width: 60, height: 50, channels: 4))
        #expect(try await fit(png).status == .copied)
        await #expect { try await fit(Array(png.prefix(png.count / 2))) } throws: {
            ($0 as? ImageError)?.code == .truncatedInput
        }
    }

    @Test("Recovery delivers what is there of a truncated file, and reports it")
    func recoversPartialImages() async throws {
        let scene = DrawnImage.scene(width: 300, height: 200)
        for input in [try DrawnImage.jpeg(scene), try DrawnImage.png(scene)] {
            let image = try await fit(
                Array(input.prefix(input.count * 2 / 3)), Limits(), FitPolicy(recoversPartialImages: true))
            #expect(image.status == .fitted && image.width == 300 && image.height == 200)
            #expect(image.warnings.contains { $0.contains("partly recovered") })
        }
    }

    @Test("Metadata goes before pixels do")
    func strips() async throws {
        let scene = DrawnImage.scene(width: 120, height: 90)
        let bare = try DrawnImage.jpeg(scene)
        let input = try DrawnImage.jpeg(scene, segments: [DrawnImage.exif(.upright, filler: 20_000)])
        let image = try await fit(input, Limits(byteLimit: bare.count + 200))
        #expect(image.status == .stripped && image.quality == nil)
        let bytes = image.bytes(of: input)
        #expect(try ImageProbe.header(of: ImageSource(bytes: bytes)).metadata.exif == 0)
        #expect(DrawnImage.difference(try DrawnImage.decoded(bytes), try DrawnImage.decoded(input)) == 0)
    }

    @Test("A few per cent over the limit are saved without loss")
    func recodes() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 500, height: 400), quality: 90)
        let image = try await fit(input, Limits(byteLimit: input.count * 98 / 100))
        #expect(image.status == .fitted && image.quality == nil && image.scale == 1)
        let same = DrawnImage.difference(
            try DrawnImage.decoded(image.bytes(of: [])), try DrawnImage.decoded(input))
        #expect(same == 0)
    }

    @Test(
        "All eight orientations come out upright, held and streamed alike", arguments: Orientation.allCases,
        [true, false])
    func orientations(orientation: Orientation, isLean: Bool) async throws {
        let quarters = DrawnImage.quarters(width: 96, height: 64)
        // Stored so that the orientation turns it back: the inverse of each turn.
        let inverse: Orientation =
            switch orientation {
            case .rotated90: .rotated270
            case .rotated270: .rotated90
            default: orientation
            }
        let stored = OrientationTransform.upright(quarters, orientation: inverse)
        let input = try DrawnImage.jpeg(stored, quality: 95, segments: [DrawnImage.exif(orientation)])
        let image = try await fit(
            input, Limits(maximumSide: 48), FitPolicy(), memory: isLean ? 7 << 20 : nil)
        #expect(image.width == 48 && image.height == 32)
        let plane = try DrawnImage.decoded(image.bytes(of: input))
        func pixel(_ x: Int, _ y: Int) -> [Int] {
            let row = plane.row(y)
            return (0..<3).map { Int(row[x * 3 + $0]) }
        }
        func isNear(_ x: Int, _ y: Int, _ colour: [Int]) -> Bool {
            zip(pixel(x, y), colour).allSatisfy { abs($0 - $1) < 24 }
        }
        #expect(isNear(8, 6, [220, 30, 30]))
        #expect(isNear(40, 6, [30, 200, 40]))
        #expect(isNear(40, 26, [30, 40, 220]))
        #expect(isNear(8, 26, [240, 240, 240]))
    }

    @Test("Little memory gives nearly the same image as much")
    func lean() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 1800, height: 1400), quality: 95)
        let limits = Limits(byteLimit: 400_000)
        let held = try await fit(input, limits)
        let estimate = MemoryEstimate.make(
            header: held.header,
            plan: try FitPlan.make(header: held.header, byteCount: input.count, limits: limits, policy: FitPolicy()),
            limit: limits.byteLimit, policy: FitPolicy())
        let lean = try await fit(input, limits, FitPolicy(), memory: estimate.lean)
        #expect(estimate.mode(within: estimate.lean).mode == .lean)
        #expect(lean.byteCount <= 400_000 && lean.byteCount > 360_000)
        #expect(abs(lean.width - held.width) < held.width / 8)
    }

    @Test("What could never fit in memory is refused at once, with the bytes that it needs")
    func memory() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 1200, height: 900), coding: .progressive)
        await #expect { try await fit(input, Limits(maximumSide: 600), FitPolicy(), memory: 1 << 20) } throws: {
            let error = $0 as? ImageError
            return error?.code == .memoryExceeded && error?.details["needed_bytes"] != nil
        }
    }

    @Test("Alpha stays PNG and fits; a background makes it a JPEG; JPEG without one is refused")
    func alpha() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 400, height: 300, channels: 4))
        let limits = Limits(byteLimit: 60_000)
        let png = try await fit(input, limits)
        #expect(png.format == .png && png.byteCount <= 60_000)
        let jpeg = try await fit(input, limits, FitPolicy(background: .white))
        #expect(jpeg.format == .jpeg)
        await #expect { try await fit(input, limits, FitPolicy(format: .jpeg)) } throws: {
            ($0 as? ImageError)?.code == .invalidArgument
        }
    }

    @Test("A screen stays PNG where it fits, a photo becomes a JPEG")
    func content() async throws {
        let screen = try DrawnImage.png(
            DrawnImage.screen(width: 600, height: 400), options: PNGEncoderOptions(level: 0))
        let screenshot = try await fit(screen, Limits(byteLimit: 40_000))
        #expect(screenshot.format == .png && screenshot.quality == nil && screenshot.scale == 1)
        let photo = try DrawnImage.png(DrawnImage.scene(width: 600, height: 400))
        #expect(try await fit(photo, Limits(byteLimit: 100_000)).format == .jpeg)
    }

    @Test("Keeping the metadata keeps EXIF with the orientation reset; by default it is gone")
    func metadata() async throws {
        let input = try DrawnImage.jpeg(
            DrawnImage.scene(width: 120, height: 90), segments: [DrawnImage.exif(.rotated90)])
        let kept = try await fit(input, Limits(maximumSide: 60), FitPolicy(metadata: .keep))
        let header = try ImageProbe.header(of: ImageSource(bytes: kept.bytes(of: input)))
        #expect(header.metadata.exif > 0 && header.orientation == .upright)
        let stripped = try await fit(input, Limits(maximumSide: 60))
        #expect(try ImageProbe.header(of: ImageSource(bytes: stripped.bytes(of: input))).metadata.exif == 0)
    }

    @Test("A limit that nothing can meet is an error that names the smallest size")
    func outOfReach() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 300, height: 200))
        for policy in [FitPolicy(), FitPolicy(strategy: .stepped), FitPolicy(keepsSize: true)] {
            await #expect { try await fit(input, Limits(byteLimit: 200), policy) } throws: {
                let error = $0 as? ImageError
                return error?.code == .cannotFit && error?.details["smallest_bytes"] != nil
            }
        }
    }

    @Test("Keeping the size keeps it, at whatever quality fits")
    func keepsSize() async throws {
        let input = try DrawnImage.jpeg(DrawnImage.scene(width: 600, height: 400), quality: 97)
        for strategy in FitPolicy.Strategy.allCases {
            let image = try await fit(input, Limits(byteLimit: 45_000), FitPolicy(strategy: strategy, keepsSize: true))
            #expect(image.width == 600 && image.height == 400 && image.byteCount <= 45_000)
        }
    }

    @Test("Cancelling a fit ends it")
    func cancels() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 2500, height: 2000, grain: 60))
        let task = Task { try await fit(input, Limits(byteLimit: 50_000)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
