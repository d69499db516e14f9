// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct BMPRowDecoderTests {
    private let folder = FixtureFolder.bmp
    private static let bitmaps = [
        "palette1", "palette2", "palette4", "palette8", "os2", "top-down", "rgb24", "rgb24-gap", "rgb32", "rgb555",
        "rgb565", "rgb10", "rgba-v4", "rgba-v5", "alpha-bitfields", "rle4", "rle8",
    ]
    private static let icons = ["mask", "alpha", "no-alpha", "png"]

    private func expected(_ name: String) throws -> (bytes: [UInt8], channels: Int) {
        if let rgba = try? folder.bytes("\(name).rgba") { return (rgba, 4) }
        return (try folder.bytes("\(name).rgb"), 3)
    }

    @Test("Every kind of bitmap has the pixels that were drawn", arguments: bitmaps)
    func pixels(name: String) throws {
        let (samples, channels, report) = try FixtureFolder.decoded(try folder.bytes("\(name).bmp"))
        let expected = try expected(name)
        #expect(channels == expected.channels && samples == expected.bytes)
        #expect(!report.isDamaged && report.warnings.isEmpty)
    }

    @Test("Of an icon the largest image is read, with its mask or its alpha", arguments: icons)
    func icon(name: String) throws {
        let (samples, channels, _) = try FixtureFolder.decoded(try folder.bytes("\(name).ico"))
        let expected = try expected(name)
        #expect(FixtureFolder.difference(samples, channels, expected.bytes, expectedChannels: 4) == 0)
    }

    @Test("A profile of version 5 is converted to sRGB, or left alone where metadata are kept")
    func profile() throws {
        let file = try folder.bytes("p3-v5.bmp")
        let drawn = try folder.bytes("p3-v5.rgb")
        #expect(try FixtureFolder.decoded(file, policy: FitPolicy(metadata: .keep)).samples == drawn)
        #expect(try FixtureFolder.decoded(file).samples != drawn)
        #expect(try probe(file).iccProfileName != nil)
    }

    @Test(
        "A file that ends early is an error with its rows; recovery keeps those that are there",
        arguments: ["palette4", "rgb24", "top-down", "rgba-v4", "rle8"])
    func truncated(name: String) throws {
        let file = try folder.bytes("\(name).bmp")
        let pixels = Int(file[10]) | Int(file[11]) << 8
        let cut = Array(file.prefix(pixels + (file.count - pixels) / 2))
        let error = #expect(throws: ImageError.self) { try FixtureFolder.decoded(cut) }
        #expect(error?.code == .truncatedInput && error?.settings == [.recovery])
        let (samples, channels, report) = try FixtureFolder.decoded(cut, policy: FitPolicy(recoversPartialImages: true))
        let good = try #require(report.goodRows)
        #expect(report.isDamaged && good > 0 && good < 7)
        let expected = try expected(name)
        let count = good * 13 * channels
        if name == "top-down" {
            #expect(samples.prefix(count) == expected.bytes.prefix(count))
        } else {
            #expect(samples.suffix(count) == expected.bytes.suffix(count))
            #expect(samples[0] == (channels == 4 ? 0 : 128))
        }
    }

    @Test("A colour that the palette lacks is black, and said")
    func strayIndex() throws {
        var file = try folder.bytes("palette8.bmp")
        file[file.count - 16] = 255
        let (samples, _, report) = try FixtureFolder.decoded(file)
        #expect(Array(samples.prefix(3)) == [0, 0, 0] && report.warnings.count == 1)
    }

    @Test("More rows than are read at once come out right from both ends", arguments: [false, true])
    func blocks(isTopDown: Bool) throws {
        // 1,100 bytes a row: several blocks of rows.
        let (width, height) = (275, 600)
        func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var file = Array("BM".utf8) + little(0) + little(0) + little(54) + little(40) + little(width)
        file += little(isTopDown ? -height : height) + [1, 0, 32, 0] + [UInt8](repeating: 0, count: 24)
        for stored in 0..<height {
            let y = isTopDown ? stored : height - 1 - stored
            for x in 0..<width {
                file += [UInt8(truncatingIfNeeded: x), UInt8(truncatingIfNeeded: y), UInt8(y >> 8), 0]
            }
        }
        let (samples, channels, _) = try FixtureFolder.decoded(file)
        #expect(channels == 3 && samples.count == width * height * 3)
        for y in 0..<height {
            let place = (y * width + 3) * 3
            #expect(samples[place] == UInt8(y >> 8) && samples[place + 1] == UInt8(truncatingIfNeeded: y))
        }
    }

    @Test("Damage is an error or an image, never a crash", arguments: UInt64(0)..<150)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let name = try #require(
            (Self.bitmaps.map { "\($0).bmp" } + Self.icons.map { "\($0).ico" }).randomElement(using: &random))
        var file = try folder.bytes(name)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            file[Int.random(in: 6..<min(file.count, 160), using: &random)] = .random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { file.removeLast(Int.random(in: 0..<file.count / 2, using: &random)) }
        let policy = FitPolicy(
            recoversPartialImages: .random(using: &random), decodingLimits: DecodingLimits(maximumPixelCount: 1 << 22))
        let source = ImageSource(bytes: file)
        do {
            _ = try ImageProbe.header(of: source, limits: policy.decodingLimits)
            _ = try FixtureFolder.decoded(file, policy: policy)
        } catch {
            #expect(error is ImageError)
        }
    }
}
