// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// Palette PNGs by themselves: as many colours, or as many pixels, as a limit allows.
@Suite struct PaletteFitTests {
    private func fit(_ plane: Plane, limit: Int) throws -> PaletteFit {
        try PaletteFit(FitContext.drawn(plane, byteLimit: limit)) { _, _ in PNGEncoderOptions() }
    }

    private func scaled(_ plane: Plane, _ width: Int, _ height: Int) throws -> Plane {
        let raster = Raster(
            .interleaved(width: plane.width, height: plane.height, channels: plane.channels), planes: [plane])
        return try PixelSupply.resize(
            raster, to: .interleaved(width: width, height: height, channels: plane.channels),
            cancellation: CancellationFlag()
        ).planes[0]
    }

    /// Bytes with each number of colours, the limit aside.
    private func bytes(_ plane: Plane, colours: Int) throws -> Int {
        let (palette, entries) = try PaletteQuantiser(plane, cancellation: CancellationFlag()).palette(colours)
        let indices = try PaletteMapper(palette, cancellation: CancellationFlag()).map(plane, dithers: false)
        let table = PNGPalette(entries)
        let lines = PNGScanlines(indices, layout: .palette(table, bits: table.bits), filtering: .none)
        return try DeflatedPNG.encode(lines, level: 9)?.count ?? .max
    }

    @Test(
        "The most colours that fit are taken, and a few more would not fit", arguments: [24, 40, 100])
    func mostColours(number: Int) throws {
        let plane = DrawnImage.scene(width: 80, height: 60, grain: 4)
        let limit = try bytes(plane, colours: number) + 60
        guard case .fits(let candidate) = try fit(plane, limit: limit).mostColours(plane, of: 257) else {
            Issue.record("nothing fits")
            return
        }
        #expect(candidate.encoded.bytes.count <= limit && candidate.colours >= 16)
        let header = try probe(candidate.encoded.bytes)
        #expect(header.colourModel == .palette && header.width == 80 && header.height == 60)
        // Short of the limit, a few more are too large.
        if Double(candidate.encoded.bytes.count) < Double(limit) * 0.955, candidate.colours < 256 {
            #expect(try bytes(plane, colours: candidate.colours + 4) > limit - 60)
        }
        #expect(candidate.encoded.encodes <= 3)
    }

    @Test("Gray gets as few as four levels, colours keep sixteen", arguments: [1, 3])
    func fewest(channels: Int) throws {
        let plane = DrawnImage.scene(width: 80, height: 60, channels: channels, grain: 4)
        let outcome = try fit(plane, limit: try bytes(plane, colours: 4) + 60).mostColours(plane, of: 257)
        switch outcome {
        case .fits(let candidate): #expect(channels == 1 && candidate.colours <= 8)
        case .tooLarge(_, let colours, _): #expect(channels == 3 && colours == 16)
        }
    }

    @Test("Under the smallest palette the bytes are told, as a start for smaller sizes")
    func tooLarge() throws {
        let plane = DrawnImage.scene(width: 80, height: 60, grain: 4)
        let fewest = PaletteFit.fewestColours
        let least = try bytes(plane, colours: fewest)
        guard
            case .tooLarge(let told, let colours, let encodes) = try fit(plane, limit: least / 2).mostColours(
                plane, of: 257)
        else {
            Issue.record("something fits")
            return
        }
        #expect(colours == fewest && told >= least / 2 && encodes == 0)
        // An image of few colours gives none up.
        let screen = DrawnImage.screen(width: 80, height: 60)
        guard case .tooLarge(_, let own, _) = try fit(screen, limit: 60).mostColours(screen, of: 3) else {
            Issue.record("something fits")
            return
        }
        #expect(own == 3)
    }

    @Test(
        "A size is found that uses the limit, with the sides in proportion",
        arguments: [(16, 0.5), (16, 0.25), (128, 0.5)])
    func mostPixels(colours: Int, share: Double) throws {
        let plane = DrawnImage.scene(width: 150, height: 100, grain: 4)
        let whole = try bytes(plane, colours: colours)
        let limit = Int(Double(whole) * share)
        let found = try fit(plane, limit: limit).mostPixels(colours: colours, bytes: whole) { width, height in
            try scaled(plane, width, height)
        }
        let encoded = try #require(found)
        #expect(encoded.bytes.count <= limit && Double(encoded.bytes.count) > Double(limit) * 0.95)
        #expect(encoded.width < 150 && abs(Double(encoded.width) / Double(encoded.height) - 1.5) < 0.05)
        let header = try probe(encoded.bytes)
        #expect(header.width == encoded.width && header.height == encoded.height && encoded.encodes == 1)
    }

    @Test(
        "The table of colours takes no more than a third of the limit, where there are fewer colours to choose",
        arguments: [(500, [16, 64]), (3_000, [16, 64]), (5_000, [64, 256])])
    func affordable(limit: Int, expected: [Int]) throws {
        let fit = try fit(DrawnImage.scene(width: 40, height: 30, channels: 4), limit: limit)
        #expect(fit.affordable([16, 64, 256], isOpaque: false) == expected)
        #expect(fit.affordable([4, 16], isOpaque: true) == [4, 16])
    }

    @Test("A limit under any PNG gives no size at all")
    func outOfReach() throws {
        let plane = DrawnImage.scene(width: 60, height: 40)
        let found = try fit(plane, limit: 50).mostPixels(colours: 16, bytes: 3_000) { width, height in
            try scaled(plane, width, height)
        }
        #expect(found == nil)
    }

    @Test("Dithering keeps the number of colours, and is left out where it is over the limit")
    func dithered() throws {
        let plane = DrawnImage.scene(width: 80, height: 60, grain: 0)
        let limit = try bytes(plane, colours: 32) * 3
        guard case .fits(let candidate) = try fit(plane, limit: limit).mostColours(plane, of: 257) else {
            Issue.record("nothing fits")
            return
        }
        let dithered = try #require(try fit(plane, limit: limit * 4).dithered(candidate))
        #expect(try DrawnImage.decoded(dithered.bytes).width == 80)
        #expect(dithered.bytes != candidate.encoded.bytes && dithered.encodes == 1)
        #expect(try fit(plane, limit: dithered.bytes.count).dithered(candidate) != nil)
        #expect(try fit(plane, limit: dithered.bytes.count - 1).dithered(candidate) == nil)
    }

    @Test(
        "Bytes are known within a tenth before a file is made, from bands and of drawings within a third or so",
        arguments: [16, 64, 256])
    func estimates(colours: Int) throws {
        for (plane, error) in [
            (DrawnImage.scene(width: 240, height: 180, grain: 4), 0.1),
            (DrawnImage.scene(width: 480, height: 360, grain: 4), 0.35),
            (DrawnImage.screen(width: 300, height: 200), 0.35),
        ] {
            let work = try fit(plane, limit: 10_000).work(on: plane)
            let settings = PalettePlane.Settings(colours: colours)
            let estimate = try work.estimatedBytes(settings)
            let bytes = try #require(try work.encode(settings, byteLimit: .max)).count
            #expect(abs(estimate / Double(bytes) - 1) < error)
            // What was measured once corrects the estimates that follow.
            #expect(abs(try work.estimatedBytes(settings) - Double(bytes)) < 1)
        }
    }

    @Test("Pixels take the colour of a neighbour where theirs is nearly as far, and the file becomes smaller")
    func neighbours() throws {
        let plane = DrawnImage.scene(width: 120, height: 90, grain: 6)
        let work = try fit(plane, limit: 10_000).work(on: plane)
        let exact = PalettePlane.Settings(colours: 32)
        let bytes = try #require(try work.encode(exact, byteLimit: .max)).count
        let wanted = Double(bytes) * 0.9
        let tolerant = try #require(try work.leastTolerance(exact, within: wanted))
        let smaller = try #require(try work.encode(tolerant, byteLimit: .max)).count
        #expect(tolerant.tolerance > 0 && abs(Double(smaller) / wanted - 1) < 0.06)
        let (one, other) = (try work.pixels(exact), try work.pixels(tolerant))
        #expect(try work.leastTolerance(exact, within: Double(bytes) * 1.1) == exact)
        #expect(DrawnImage.difference(one, other) < 6 && DrawnImage.difference(one, other) > 0)
    }
}
