// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct WebPRowDecoderTests {
    private func decoded(
        _ bytes: [UInt8], policy: FitPolicy = FitPolicy()
    ) throws -> (plane: Plane, report: DecodeReport) {
        let source = ImageSource(bytes: bytes)
        let reader = ImageReader(
            source: source, header: try ImageProbe.header(of: source), policy: policy, memory: 1 << 30,
            cache: ColourConversionCache(), cancellation: CancellationFlag())
        let supply = try PixelSupply.holding(reader, demand: PixelDemand(isPlanar: false))
        return (try #require(supply.heldRaster?.planes.first), supply.report)
    }

    private func samples(_ plane: Plane) -> [UInt8] {
        (0..<plane.height).flatMap { y in plane.row(y).indices.map { plane.row(y)[$0] } }
    }

    @Test(
        "Pixels are those that Pillow reads",
        arguments: WebPFixtures.names.filter { !["p3", "metadata", "frames"].contains($0) })
    func pixels(name: String) throws {
        let (plane, report) = try decoded(try WebPFixtures.file(name))
        #expect(!report.isDamaged)
        #expect(largestDifference(plane, try WebPFixtures.pixels(name)) <= 1)
    }

    /// Of what shows: behind full transparency the colour may differ.
    private func largestDifference(_ plane: Plane, _ expected: [UInt8]) -> Int {
        let found = samples(plane)
        guard found.count == expected.count else { return 256 }
        return found.indices.reduce(0) { largest, index in
            if plane.channels == 4, expected[index | 3] == 0, found[index | 3] == 0 { return largest }
            return max(largest, abs(Int(found[index]) - Int(expected[index])))
        }
    }

    @Test("Each frame is drawn as Pillow draws it, over, cleared or replaced", arguments: 1...4)
    func frame(number: Int) throws {
        var policy = FitPolicy()
        policy.page = number
        let (plane, _) = try decoded(try WebPFixtures.file("frames"), policy: policy)
        // The reader blends in integers that round down.
        #expect(largestDifference(plane, try WebPFixtures.canvas(number)) <= 2)
    }

    @Test("A frame that is not there is an error with the number of those that are", arguments: [0, 5, Int.max])
    func missingFrame(number: Int) throws {
        var policy = FitPolicy()
        policy.page = number
        let error = #expect(throws: ImageError.self) {
            try decoded(try WebPFixtures.file("frames"), policy: policy)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("Frames that are too much work together are refused before the first is decoded")
    func tooManyFrames() throws {
        var policy = FitPolicy(decodingLimits: DecodingLimits(maximumScanWork: 47 * 30 * 3))
        policy.page = 4
        let error = #expect(throws: ImageError.self) {
            try decoded(try WebPFixtures.file("frames"), policy: policy)
        }
        #expect(error?.code == .limitExceeded && error?.settings == [.inputScanWork])
    }

    @Test("The profile is converted to sRGB, or left alone where metadata are kept")
    func profile() throws {
        let file = try WebPFixtures.file("p3")
        let kept = samples(try decoded(file, policy: FitPolicy(metadata: .keep)).plane)
        #expect(kept == (try WebPFixtures.pixels("p3")))
        #expect(samples(try decoded(file).plane) != kept)
    }

    @Test(
        "A file cut off anywhere is an error, never a crash",
        arguments: ["lossy", "alpha-lossy", "animated", "metadata"])
    func truncated(name: String) throws {
        let file = try WebPFixtures.file(name)
        for count in 0..<file.count - 1 {
            let part = Array(file.prefix(count))
            do {
                let (_, report) = try decoded(part)
                // Cut behind the image that is read, in metadata or in later frames.
                #expect(!report.isDamaged && count > 100)
            } catch {
                #expect(error is ImageError)
            }
        }
    }

    @Test("Salvage keeps the rows that are there")
    func salvage() throws {
        let plane = DrawnImage.scene(width: 200, height: 160)
        let file = try #require(
            try WebPEncoder.encode(
                plane, mode: .colour(quality: 90, hasSharpChroma: false), method: 2,
                cancellation: CancellationFlag()))
        let cut = Array(file.prefix(file.count * 2 / 3))
        #expect(throws: ImageError.self) { try decoded(cut) }
        let (partial, report) = try decoded(cut, policy: FitPolicy(recoversPartialImages: true))
        let rows = try #require(report.goodRows)
        #expect(report.isDamaged && report.endedEarly && rows > 16 && rows < 160)
        #expect(abs(Int(partial.row(5)[300]) - Int(plane.row(5)[300])) < 40)
        #expect(partial.row(159)[300] == 128)
    }

    @Test("Damage is an error or an image, never a crash", arguments: UInt64(0)..<100)
    func damaged(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var file = try WebPFixtures.file(try #require(WebPFixtures.names.randomElement(using: &random)))
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            file[Int.random(in: 0..<file.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        do {
            _ = try decoded(file)
        } catch {
            #expect(error is ImageError)
        }
    }
}
