// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite(.enabled(if: ImageFormat.gif.isDecodable)) struct GIFRowDecoderTests {
    private let folder = FixtureFolder.gif

    private func page(_ number: Int, recovers: Bool = false) -> FitPolicy {
        var policy = FitPolicy(recoversPartialImages: recovers)
        policy.page = number
        return policy
    }

    /// The canvas after a frame, as ImageMagick composes it.
    private func canvas(_ name: String, frame: Int = 1) throws -> [UInt8] {
        let size = 19 * 13 * 4
        return Array(try folder.bytes("\(name).rgba").dropFirst((frame - 1) * size).prefix(size))
    }

    @Test(
        "A frame's pixels are those that ImageMagick composes",
        arguments: [
            ("still", 1), ("interlaced", 1), ("transparent", 1), ("local-colours", 1), ("comment", 1), ("frames", 1),
            ("frames", 2), ("frames", 3), ("frames", 4), ("frames", 5),
        ])
    func pixels(name: String, frame: Int) throws {
        let (samples, channels, report) = try FixtureFolder.decoded(
            try folder.bytes("\(name).gif"), policy: page(frame))
        let expected = try canvas(name, frame: frame)
        #expect(FixtureFolder.difference(samples, channels, expected, expectedChannels: 4) == 0)
        #expect(!report.isDamaged && report.warnings.isEmpty)
    }

    @Test(
        "Around a first frame that leaves a border the canvas is transparent, as browsers show it", arguments: [1, 2])
    func inset(frame: Int) throws {
        let (samples, channels, _) = try FixtureFolder.decoded(try folder.bytes("inset.gif"), policy: page(frame))
        // ImageMagick fills the border with the background colour: the frames' own pixels are compared.
        let expected = try canvas("inset", frame: frame)
        for (y, x) in (0..<13).flatMap({ y in (0..<19).map { (y, $0) } }) {
            let place = (y * 19 + x) * 4
            let isShown = (4..<13).contains(x) && (3..<10).contains(y) || frame == 2 && x < 4 && y < 4
            #expect(channels == 4 && samples[place + 3] == (isShown ? 255 : 0))
            if isShown { #expect(samples[place..<place + 3] == expected[place..<place + 3]) }
        }
    }

    @Test("A screen without a size is as large as the first frame needs, and transparent around it")
    func noScreen() throws {
        let (samples, channels, _) = try FixtureFolder.decoded(try folder.bytes("no-screen.gif"))
        // The frame is 5 × 4 at (2, 1).
        #expect(channels == 4 && samples.count == 7 * 5 * 4)
        #expect((0..<7).allSatisfy { samples[$0 * 4 + 3] == 0 } && (0..<5).allSatisfy { samples[$0 * 28 + 3] == 0 })
        #expect(samples[(7 + 2) * 4 + 3] == 255)
    }

    @Test("Indexes without colours are levels of gray, and that is said")
    func noColours() throws {
        let (samples, channels, report) = try FixtureFolder.decoded(try folder.bytes("no-colours.gif"))
        // Drawn as (x / 3 + y / 2) mod 8.
        let expected = (0..<4).flatMap { y in
            (0..<5).flatMap { x in [UInt8](repeating: UInt8(x / 3 + y / 2), count: 3) }
        }
        #expect(channels == 3 && samples == expected)
        #expect(report.warnings.contains { $0.contains("no colours") })
    }

    @Test(
        "A file cut inside its image is an error with its rows, and recovered rows are right",
        arguments: [90, 120, 150])
    func truncated(count: Int) throws {
        let cut = Array(try folder.bytes("still.gif").prefix(count))
        let error = #expect(throws: ImageError.self) { try FixtureFolder.decoded(cut) }
        #expect(error?.code == .truncatedInput && error?.message.contains("recovery") == true)
        let (samples, channels, report) = try FixtureFolder.decoded(cut, policy: page(1, recovers: true))
        let rows = try #require(report.goodRows)
        let expected = try canvas("still")
        #expect(report.isDamaged && rows > 0 && rows < 13 && channels == 3)
        let whole = Array(samples.prefix(rows * 19 * 3))
        #expect(
            FixtureFolder.difference(whole, 3, Array(expected.prefix(rows * 19 * 4)), expectedChannels: 4) == 0)
        #expect(samples.suffix(19 * 3).allSatisfy { $0 == 128 })
    }

    @Test("Of an interlaced image that is cut the lines that are there are kept where they are shown")
    func truncatedInterlaced() throws {
        let cut = Array(try folder.bytes("interlaced.gif").prefix(120))
        let (samples, _, report) = try FixtureFolder.decoded(cut, policy: page(1, recovers: true))
        let expected = try canvas("interlaced")
        func isRight(_ y: Int) -> Bool {
            (0..<19).allSatisfy { x in
                (0..<3).allSatisfy { samples[(y * 19 + x) * 3 + $0] == expected[(y * 19 + x) * 4 + $0] }
            }
        }
        // Lines 0 and 8 are stored first, then 4 and 12.
        #expect([0, 8, 4].allSatisfy(isRight) && !isRight(11) && report.endedEarly)
    }

    @Test("A frame that is not there is refused by its number", arguments: [0, 6])
    func missingFrame(number: Int) throws {
        let error = #expect(throws: ImageError.self) {
            try FixtureFolder.decoded(try folder.bytes("frames.gif"), policy: page(number))
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("Damage is an error or an image, never a crash", arguments: UInt64(0)..<100)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["still", "interlaced", "frames", "inset", "no-screen", "local-colours"]
        var file = try folder.bytes("\(try #require(names.randomElement(using: &random))).gif")
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            file[Int.random(in: 6..<file.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        let policy = FitPolicy(
            recoversPartialImages: .random(using: &random), decodingLimits: DecodingLimits(maximumPixelCount: 1 << 22))
        do {
            _ = try FixtureFolder.decoded(file, policy: policy)
        } catch {
            #expect(error is ImageError)
        }
    }
}
