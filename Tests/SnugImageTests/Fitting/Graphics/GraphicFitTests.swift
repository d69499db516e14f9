// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct GraphicFitTests {
    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 1))

    /// A screen of flat areas with a soft photo in it: more than 256 colours, most of them in the photo.
    private func screenWithPhoto(width: Int = 480, height: Int = 320) -> Plane {
        let plane = DrawnImage.screen(width: width, height: height)
        let photo = DrawnImage.scene(width: width / 3, height: height / 2, grain: 3)
        for y in 0..<photo.height {
            var row = plane.mutableRow(y + height / 4)
            let source = photo.row(y)
            for x in source.indices { row[width + x] = source[x] }
        }
        return plane
    }

    /// Black text-like strokes on white, in gray.
    private func page(width: Int, height: Int) -> Plane {
        var random = SeededBytes(seed: 21)
        let plane = Plane(width: width, height: height)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width { row[x] = 255 }
        }
        for line in stride(from: 6, to: height - 16, by: 20) {
            for x in stride(from: 8, to: width - 12, by: 9) {
                let (kind, reach) = (random.next(3), 3 + random.next(6))
                for step in 0..<12 {
                    var row = plane.mutableRow(line + step)
                    for dx in 0..<2 { row[x + dx + [0, step / 2, max(reach - step / 3, 0)][kind]] = 0 }
                }
            }
        }
        return plane
    }

    private func fit(_ bytes: [UInt8], _ limit: Int, _ policy: FitPolicy = FitPolicy()) async throws -> FittedImage {
        try await fitter.fit(ImageSource(bytes: bytes), limits: Limits(byteLimit: limit), policy: policy)
    }

    @Test("A graphic keeps its size and gives up colours", arguments: [FitPolicy.OutputFormat.automatic, .png])
    func fewerColours(format: FitPolicy.OutputFormat) async throws {
        let plane = screenWithPhoto()
        let input = try DrawnImage.png(plane)
        let lossless = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: .thorough)).count
        let limit = lossless * 45 / 100
        let image = try await fit(input, limit, FitPolicy(format: format))
        let bytes = image.bytes(of: input)
        let header = try probe(bytes)
        #expect(image.format == .png && header.colourModel == .palette && image.scale == 1)
        #expect(image.byteCount <= limit && image.encodes >= 1)
        #expect(DrawnImage.difference(try DrawnImage.decoded(bytes), plane) < 4)
    }

    @Test("Bytes that a palette of all its colours leaves are used for what looks better")
    func ownColours() async throws {
        let plane = screenWithPhoto()
        let input = try DrawnImage.png(plane)
        let lossless = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: .thorough)).count
        let limit = lossless * 9 / 10
        var policy = FitPolicy()
        policy.palette = .always
        let indexed = try await fit(input, limit, policy)
        #expect(indexed.byteCount < limit * 6 / 10)
        let image = try await fit(input, limit)
        let bytes = image.bytes(of: input)
        // Exact colours, or near-lossless ones where these look better still.
        #expect(image.format == .png && image.scale == 1 && image.encodes <= 6)
        #expect(try probe(bytes).colourModel != .palette)
        #expect(image.byteCount <= limit && image.byteCount > indexed.byteCount)
        let looksOfPalette = try visibleDifference(indexed.bytes(of: input), from: plane)
        #expect(try visibleDifference(bytes, from: plane) < looksOfPalette)
    }

    private func visibleDifference(_ bytes: [UInt8], from plane: Plane) throws -> Double {
        let sink = TileComparison(plane, cancellation: CancellationFlag())
        let output = try DrawnImage.decoded(bytes)
        let shape = RasterShape.interleaved(width: output.width, height: output.height, channels: output.channels)
        let supply = PixelSupply(Raster(shape, planes: [output]), cancellation: CancellationFlag())
        let target = RasterShape.interleaved(width: plane.width, height: plane.height, channels: output.channels)
        try supply.prepared(target, orientation: .upright).send(to: sink)
        return sink.difference
    }

    @Test("Flat areas and lines stay exact when colours are given up")
    func exactLines() async throws {
        let plane = screenWithPhoto()
        let input = try DrawnImage.png(plane)
        let output = try DrawnImage.decoded(try await fit(input, input.count / 2).bytes(of: input))
        for y in [3, 10, 300] { for x in [1, 5, 479] { #expect(pixel(output, x, y) == pixel(plane, x, y)) } }
    }

    private func pixel(_ plane: Plane, _ x: Int, _ y: Int) -> UInt32 {
        PNGColourCensus.colour(of: plane.row(y), at: x * plane.channels, channels: plane.channels)
    }

    @Test("Transparency stays when colours are given up", arguments: [2, 3, 6])
    func transparent(part: Int) async throws {
        let plane = DrawnImage.scene(width: 300, height: 220, channels: 4, grain: 2)
        let input = try DrawnImage.png(plane)
        let image = try await fit(input, input.count / part)
        let output = try DrawnImage.decoded(image.bytes(of: input))
        #expect(image.format == .png && image.byteCount <= input.count / part && output.channels == 4)
        #expect(output.row(0)[3] <= 8 && output.row(output.height - 1)[output.width * 4 - 1] >= 247)
    }

    @Test(
        "A page in black and white over the limit stays so, as large as the limit allows", arguments: [97, 85, 40])
    func bilevel(share: Int) async throws {
        let plane = page(width: 620, height: 800)
        let input = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: .thorough))
        let smallest = try #require(try smallestLossless(plane))
        let image = try await fit(input, smallest * share / 100)
        let limit = smallest * share / 100
        #expect(image.format == .png && image.byteCount <= limit && image.byteCount >= limit * 95 / 100)
        #expect(share < 85 || image.scale > 0.5)
        #expect(try probe(image.bytes(of: input)).bitsPerSample <= 2)
    }

    /// The bytes that nothing lossless is under.
    private func smallestLossless(_ plane: Plane) throws -> Int? {
        let lines = PNGScanlines(
            plane, layout: .gray(bits: 1), reduction: PNGReduction(of: plane), filtering: .none)
        return try DeflatedPNG.encode(lines, level: 12)?.count
    }

    @Test("A larger limit never looks worse")
    func monotonic() async throws {
        let plane = screenWithPhoto()
        let input = try DrawnImage.png(plane)
        var last = Double.infinity
        for limit in stride(from: 6_000, through: 30_000, by: 6_000) {
            let bytes = try await fit(input, limit).bytes(of: input)
            let sink = TileComparison(plane, cancellation: CancellationFlag())
            let raster = Raster(
                .interleaved(width: plane.width, height: plane.height, channels: 3),
                planes: [try DrawnImage.decoded(bytes)])
            let shape = RasterShape.interleaved(
                width: raster.planes[0].width, height: raster.planes[0].height, channels: raster.planes[0].channels)
            let supply = PixelSupply(
                Raster(shape, planes: raster.planes), cancellation: CancellationFlag())
            let target = RasterShape.interleaved(width: plane.width, height: plane.height, channels: 3)
            try supply.prepared(target, orientation: .upright).send(to: sink)
            #expect(sink.difference <= last * 1.02)
            last = sink.difference
        }
    }

    @Test("A palette that is asked for is made of photos and graphics, and never where it is ruled out")
    func palette() async throws {
        let photo = DrawnImage.scene(width: 300, height: 200, grain: 4)
        for (plane, limit) in [(screenWithPhoto(), 100_000), (photo, 100_000), (photo, 8_000)] {
            let input = try DrawnImage.png(plane)
            var policy = FitPolicy()
            policy.palette = .always
            let image = try await fit(input, limit, policy)
            let header = try probe(image.bytes(of: input))
            #expect(image.format == .png && header.colourModel == .palette && image.byteCount <= limit)
            policy.palette = .never
            policy.format = .png
            let plain = try await fit(input, limit, policy)
            #expect(try probe(plain.bytes(of: input)).colourModel != .palette && plain.byteCount <= limit)
        }
    }

    @Test("Few colours become a palette where one is asked for, and samples again, and lose nothing")
    func exactPalette() async throws {
        let plane = DrawnImage.screen(width: 200, height: 120)
        let input = try DrawnImage.png(plane)
        var policy = FitPolicy()
        policy.palette = .always
        let indexed = try await fit(input, 50_000, policy).bytes(of: input)
        #expect(try probe(indexed).colourModel == .palette)
        #expect(DrawnImage.difference(try DrawnImage.decoded(indexed), plane) == 0)
        #expect(try await fit(indexed, 50_000, policy).status == .copied)
        policy.palette = .never
        let plain = try await fit(indexed, 50_000, policy).bytes(of: indexed)
        #expect(try probe(plain).colourModel != .palette)
        #expect(DrawnImage.difference(try DrawnImage.decoded(plain), plane) == 0)
    }

    @Test("The largest limits that a number holds are no trap", arguments: [1 << 40, 1 << 62, Int.max - 1, .max])
    func largestLimits(limit: Int) async throws {
        for plane in [DrawnImage.scene(width: 60, height: 40, grain: 4), page(width: 60, height: 40)] {
            let input = try DrawnImage.png(plane)
            for format in FitPolicy.OutputFormat.allCases where format != .jpeg {
                var policy = FitPolicy(format: format)
                if format != .webp { policy.palette = .always }
                let limits = Limits(byteLimit: limit).accepting(format)
                let image = try await fitter.fit(ImageSource(bytes: input), limits: limits, policy: policy)
                #expect(image.byteCount > 0)
            }
        }
    }

    @Test("A palette in a format that has none is refused by name", arguments: [FitPolicy.OutputFormat.jpeg, .keep])
    func noPalette(format: FitPolicy.OutputFormat) async throws {
        let input = try DrawnImage.jpeg(page(width: 200, height: 120), quality: 90)
        var policy = FitPolicy(format: format)
        policy.palette = .always
        let error = await #expect(throws: ImageError.self) { try await fit(input, 1_000, policy) }
        #expect(error?.code == .invalidArgument && error?.message.contains("a palette was asked for") == true)
    }

    @Test("Errors are diffused as asked for")
    func dithering() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 200, height: 150))
        var policy = FitPolicy()
        policy.palette = .always
        policy.dither = .never
        let flat = try await fit(input, 60_000, policy).bytes(of: input)
        policy.dither = .always
        let diffused = try await fit(input, 60_000, policy).bytes(of: input)
        #expect(diffused != flat && diffused.count > flat.count)
    }

    @Test("Transparency under a small limit falls off no cliff: a third of the bytes leaves a fair part of the pixels")
    func smallTransparent() async throws {
        let input = try DrawnImage.png(DrawnImage.scene(width: 400, height: 300, channels: 4, grain: 0))
        var pixels: [Int] = []
        for limit in [1_500, 4_500, 13_500] {
            let image = try await fit(input, limit)
            #expect(image.format == .png && image.byteCount <= limit)
            pixels.append(image.width * image.height)
        }
        #expect(pixels[0] * 12 > pixels[1] && pixels[1] * 12 > pixels[2])
    }

    @Test("The textbook method makes no palettes of its own")
    func stepped() async throws {
        let input = try DrawnImage.png(screenWithPhoto())
        let image = try await fit(input, input.count / 3, FitPolicy(strategy: .stepped))
        #expect(image.format == .jpeg)
    }

    @Test("A kept size is kept, or an error says what is out of reach")
    func keepsSize() async throws {
        let input = try DrawnImage.png(screenWithPhoto())
        #expect(try await fit(input, input.count / 2, FitPolicy(keepsSize: true)).scale == 1)
        await #expect { try await fit(input, 900, FitPolicy(keepsSize: true)) } throws: {
            ($0 as? ImageError)?.code == .cannotFit
        }
    }

    @Test("The smallest size that an error names is that of an output, whatever its format", arguments: [0, 1])
    func smallestResult(kind: Int) async throws {
        let plane = kind == 0 ? page(width: 400, height: 300) : screenWithPhoto(width: 240, height: 160)
        let input = try DrawnImage.png(plane)
        func smallest(_ policy: FitPolicy) async throws -> Int? {
            do {
                _ = try await fit(input, 300, policy)
            } catch let error as ImageError {
                if case .integer(let bytes)? = error.details["smallest_bytes"] { return bytes }
            }
            return nil
        }
        let any = try #require(try await smallest(FitPolicy(keepsSize: true)))
        let png = try #require(try await smallest(FitPolicy(keepsSize: true, format: .png)))
        let jpeg = try #require(try await smallest(FitPolicy(keepsSize: true, format: .jpeg)))
        #expect(any == min(png, jpeg))
        #expect(try await fit(input, png, FitPolicy(keepsSize: true, format: .png)).byteCount <= png)
        #expect(try await fit(input, any, FitPolicy(keepsSize: true)).byteCount <= any)
    }

    @Test("One input gives one output")
    func deterministic() async throws {
        let input = try DrawnImage.png(screenWithPhoto())
        #expect(try await fit(input, 12_000).bytes(of: input) == fit(input, 12_000).bytes(of: input))
    }
}
