// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct JPEGDecoderTests {
    private func open(
        _ bytes: [UInt8], limits: DecodingLimits = DecodingLimits(), memory: Int = 1 << 28,
        cancellation: CancellationFlag = CancellationFlag()
    ) throws -> JPEGDecoder {
        try JPEGDecoder.open(ImageSource(bytes: bytes), limits: limits, memory: memory, cancellation: cancellation)
    }

    /// All pixels as RGB.
    private func pixels(_ bytes: [UInt8], eighths: Int) throws -> Plane {
        var decoder = try open(bytes)
        try decoder.start(output: .rgb, eighths: eighths)
        let plane = Plane(width: decoder.outputWidth, height: decoder.outputHeight, channels: 3)
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            try decoder.readRow(into: &row)
        }
        return plane
    }

    @Test("The headers give size, components and colour model")
    func headers() throws {
        let scene = DrawnImage.scene(width: 70, height: 50)
        let colour = try open(try DrawnImage.jpeg(scene))
        #expect(colour.width == 70 && colour.height == 50 && colour.componentCount == 3)
        #expect(colour.isYCbCr && !colour.isGray && !colour.isInvertedCMYK)
        let gray = try open(try DrawnImage.jpeg(DrawnImage.scene(width: 70, height: 50, channels: 1)))
        #expect(gray.componentCount == 1 && gray.isGray && !gray.isYCbCr)
    }

    @Test("Every reduced size is the full size times eighths, rounded up", arguments: [1, 2, 4, 8])
    func reducedSizes(eighths: Int) throws {
        let plane = try pixels(try DrawnImage.jpeg(DrawnImage.scene(width: 77, height: 43)), eighths: eighths)
        #expect(plane.width == (77 * eighths + 7) / 8 && plane.height == (43 * eighths + 7) / 8)
    }

    @Test("A reduced image shows the average of the pixels that it stands for", arguments: [1, 2, 4])
    func reducedPixels(eighths: Int) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 160, height: 96, grain: 0), quality: 95)
        let full = try pixels(bytes, eighths: 8)
        let reduced = try pixels(bytes, eighths: eighths)
        let side = 8 / eighths
        var sum = 0.0
        for y in 0..<reduced.height {
            for x in 0..<reduced.width {
                for channel in 0..<3 {
                    var total = 0
                    for dy in 0..<side {
                        let row = full.row(y * side + dy)
                        for dx in 0..<side { total += Int(row[(x * side + dx) * 3 + channel]) }
                    }
                    let mean = Double(total) / Double(side * side)
                    sum += abs(Double(reduced.row(y)[x * 3 + channel]) - mean)
                }
            }
        }
        #expect(sum / Double(reduced.width * reduced.height * 3) < 3)
    }

    @Test("Planar output gives each component at its own resolution", arguments: [true, false])
    func planar(subsamples: Bool) throws {
        var decoder = try open(try DrawnImage.jpeg(DrawnImage.scene(width: 75, height: 41), subsamples: subsamples))
        try decoder.start(output: .planar)
        let chroma = subsamples ? (38, 21) : (75, 41)
        #expect(decoder.components.count == 3)
        #expect(decoder.components[0].width == 75 && decoder.components[0].height == 41)
        for index in 1...2 {
            #expect((decoder.components[index].width, decoder.components[index].height) == chroma)
            #expect(decoder.components[index].extentWidth == (subsamples ? 37.5 : 75))
            #expect(decoder.components[index].extentHeight == (subsamples ? 20.5 : 41))
        }
    }

    @Test("Bands hold the luma of the interleaved gray output")
    func bands() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 64, height: 48, channels: 1))
        var interleaved = try open(bytes)
        try interleaved.start(output: .gray)
        var planar = try open(bytes)
        try planar.start(output: .planar)
        var row = [UInt8](repeating: 0, count: 64)
        let bandRows = planar.components[0].bandRows
        for y in 0..<48 {
            if y % bandRows == 0 { try planar.readBand() }
            var span = row.mutableSpan
            try interleaved.readRow(into: &span)
            let band = planar.bandRow(component: 0, row: y % bandRows)
            #expect(row.indices.allSatisfy { band[$0] == row[$0] })
        }
    }

    @Test("A sound file has an empty report")
    func soundReport() throws {
        var decoder = try open(try DrawnImage.jpeg(DrawnImage.scene(width: 40, height: 30)))
        try decoder.start(output: .rgb)
        var row = [UInt8](repeating: 0, count: 120)
        for _ in 0..<30 {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
        }
        let report = decoder.report
        #expect(report.warningCount == 0 && !report.isDamaged && !report.endedEarly && report.error == nil)
        #expect(report.totalRows == 30 && report.notes.isEmpty)
    }

    @Test("A truncated file is decoded to its end, and the report counts the good rows", arguments: [30, 50, 80])
    func truncatedReport(percent: Int) throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 200, height: 160), quality: 90)
        var decoder = try open(Array(bytes.prefix(bytes.count * percent / 100)))
        try decoder.start(output: .rgb)
        var row = [UInt8](repeating: 0, count: 600)
        for _ in 0..<160 {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
        }
        let report = decoder.report
        #expect(report.isDamaged && report.endedEarly && report.error?.code == .truncatedInput)
        let good = try #require(report.goodRows)
        #expect(abs(Double(good) / 160 - Double(percent) / 100) < 0.2)
        #expect(report.error?.settings == [.recovery])
    }

    @Test("A progressive file that needs more memory than allowed fails with the setting to raise")
    func memory() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 1200, height: 900), coding: .progressive)
        let error = #expect(throws: ImageError.self) {
            var decoder = try open(bytes, memory: 1 << 20)
            try decoder.start(output: .rgb)
        }
        #expect(error?.code == .memoryExceeded && error?.settings == [.memory])
    }

    @Test("A cancelled decoder stops")
    func cancelled() throws {
        let cancellation = CancellationFlag()
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 1200, height: 900), coding: .progressive)
        var decoder = try open(bytes, cancellation: cancellation)
        cancellation.set()
        #expect(throws: CancellationError.self) { try decoder.start(output: .rgb) }
    }

    @Test(
        "Data that is no JPEG is an error of the input",
        arguments: [[], [0xFF], [0xFF, 0xD8], [0xFF, 0xD8, 0xFF, 0xD9], Array("GIF89a".utf8)] as [[UInt8]])
    func noJPEG(bytes: [UInt8]) {
        let error = #expect(throws: ImageError.self) {
            var decoder = try open(bytes)
            try decoder.start(output: .rgb)
        }
        #expect([.corruptInput, .truncatedInput].contains(error?.code))
    }
}
