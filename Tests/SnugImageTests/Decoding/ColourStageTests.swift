// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Rows on their way from the decoder: depth, background and planes.
@Suite struct ColourStageTests {
    private func stage(
        _ layout: SampleLayout, width: Int = 2, isPlanar: Bool = false, background: RGBColour? = nil
    ) -> ColourStage {
        ColourStage(
            width: width, height: 1, conversion: .assumed(for: layout),
            demand: PixelDemand(isPlanar: isPlanar, background: background))
    }

    private func send(_ row: [UInt8], through stage: ColourStage) throws -> [[UInt8]] {
        let recorder = RowRecorder()
        try stage.send(row.span, to: recorder)
        return (0..<stage.shape.planes.count).flatMap { recorder.plane($0) }
    }

    @Test(
        "Without a background, samples of 8 bits go through as they are",
        arguments: [(SampleLayout.Model.gray, false), (.gray, true), (.rgb, false), (.rgb, true)])
    func pass(model: SampleLayout.Model, hasAlpha: Bool) throws {
        let stage = stage(SampleLayout(model, hasAlpha: hasAlpha))
        let channels = stage.shape.planes[0].channels
        #expect(stage.shape.model == .interleaved(channels: channels))
        let row = (0..<2 * channels).map { UInt8(30 * $0) }
        #expect(stage.sourceRowBytes == row.count)
        #expect(try send(row, through: stage) == [row])
    }

    @Test("Samples of 16 bits become 8", arguments: [true, false])
    func depth(hasAlpha: Bool) throws {
        let stage = stage(SampleLayout(.gray, hasAlpha: hasAlpha, isSixteenBit: true))
        let samples: [UInt16] = hasAlpha ? [0, 65_535, 0x8080, 257] : [0x1234, 0xFFFF]
        let row = bytes(ofSamples: samples)
        #expect(stage.sourceRowBytes == row.count)
        #expect(try send(row, through: stage) == [samples.map { UInt8((Double($0) / 257).rounded()) }])
    }

    @Test("A background shows through by opacity")
    func flattened() throws {
        let stage = stage(SampleLayout(.rgb, hasAlpha: true), background: RGBColour(red: 200, green: 100, blue: 0))
        #expect(stage.shape.planes[0].channels == 3)
        #expect(try send([10, 20, 30, 255, 10, 20, 30, 0], through: stage) == [[10, 20, 30, 200, 100, 0]])
        let half = try send([0, 0, 0, 128, 255, 255, 255, 51], through: stage)[0]
        let expected: [Double] = [
            200 * 127 / 255, 100 * 127 / 255, 0, (255 * 51 + 200 * 204) / 255, (255 * 51 + 100 * 204) / 255, 51,
        ]
        for (sample, value) in zip(half, expected) { #expect(abs(Double(sample) - value) <= 0.51) }
    }

    @Test("Gray on gray stays gray, gray on a colour becomes coloured")
    func grayFlattened() throws {
        let layout = SampleLayout(.gray, hasAlpha: true)
        let onGray = stage(layout, background: RGBColour(red: 60, green: 60, blue: 60))
        #expect(onGray.shape.planes[0].channels == 1)
        #expect(try send([10, 255, 10, 0], through: onGray) == [[10, 60]])
        let onColour = stage(layout, background: RGBColour(red: 60, green: 61, blue: 62))
        #expect(onColour.shape.planes[0].channels == 3)
        #expect(try send([10, 255, 10, 0], through: onColour) == [[10, 10, 10, 60, 61, 62]])
    }

    @Test("A background behind an opaque image changes nothing")
    func opaqueBackground() throws {
        let stage = stage(SampleLayout(.rgb), background: .white)
        #expect(try send([1, 2, 3, 4, 5, 6], through: stage) == [[1, 2, 3, 4, 5, 6]])
    }

    @Test("Planes are JFIF's luma and chroma of what the background leaves", arguments: [true, false])
    func planar(hasAlpha: Bool) throws {
        let stage = stage(
            SampleLayout(.rgb, hasAlpha: hasAlpha), isPlanar: true, background: hasAlpha ? .white : nil)
        #expect(stage.shape.model == .ycbcr && stage.shape.hasFullChroma)
        let row: [UInt8] = hasAlpha ? [250, 20, 30, 255, 9, 9, 9, 0] : [250, 20, 30, 255, 255, 255]
        let planes = try send(row, through: stage)
        #expect(planes.count == 3)
        let luma = 0.299 * 250 + 0.587 * 20 + 0.114 * 30
        let expected = [luma, 128 + (30 - luma) / 1.772, 128 + (250 - luma) / 1.402]
        for index in 0..<3 {
            #expect(abs(Double(planes[index][0]) - expected[index]) <= 0.51)
            #expect(planes[index][1] == (index == 0 ? 255 : 128))
        }
    }

    @Test("A planar gray is one plane", arguments: [true, false])
    func planarGray(hasAlpha: Bool) throws {
        let stage = stage(
            SampleLayout(.gray, hasAlpha: hasAlpha), isPlanar: true, background: hasAlpha ? .white : nil)
        #expect(stage.shape.model == .gray)
        #expect(try send(hasAlpha ? [7, 255, 8, 0] : [7, 255], through: stage) == [[7, 255]])
    }

    @Test("Inks without a profile are perfect filters", arguments: [true, false])
    func inks(isInverted: Bool) throws {
        let stage = stage(SampleLayout(isInverted ? .invertedCMYK : .cmyk))
        let inks: [UInt8] = [0, 255, 51, 0, 0, 0, 0, 102]
        let row = isInverted ? inks.map { 255 - $0 } : inks
        #expect(try send(row, through: stage) == [[255, 0, 204, 153, 153, 153]])
    }

    @Test("Planes of a transparent image without a background trap")
    func trap() async {
        await #expect(processExitsWith: .failure) {
            _ = ColourStage(
                width: 1, height: 1, conversion: .assumed(for: SampleLayout(.rgb, hasAlpha: true)),
                demand: PixelDemand(isPlanar: true))
        }
    }
}
