// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct SequentialSourceTests {
    /// All coefficients, block by block in raster order, or `nil` when the file is refused.
    private static func coefficients(_ source: (any CoefficientSource)?) throws -> [[Int16]]? {
        guard let source else { return nil }
        var all: [[Int16]] = source.layout.components.map { _ in [] }
        do {
            try source.readRows { rows, row, _ in
                for (index, component) in source.layout.components.enumerated() {
                    for v in 0..<component.vertical where row * component.vertical + v < component.blocksDown {
                        unsafe rows.withBlocks(component: index, row: v) {
                            unsafe all[index].append(
                                contentsOf: UnsafeBufferPointer(start: $0, count: component.blocksAcross * 64))
                        }
                    }
                }
            }
        } catch let error as ImageError where [.corruptInput, .truncatedInput].contains(error.code) {
            return nil
        }
        return all
    }

    private static func own(_ bytes: [UInt8], level: KernelLevel = .best) throws -> [[Int16]]? {
        let source = ImageSource(bytes: bytes)
        guard let scan = try SequentialScan.read(source) else { return nil }
        return try coefficients(
            SequentialSource(source, scan: scan, level: level, cancellation: CancellationFlag()))
    }

    private static func library(_ bytes: [UInt8]) throws -> [[Int16]]? {
        let source = ImageSource(bytes: bytes)
        guard let scan = try SequentialScan.read(source) else { return nil }
        let frame = try #require(try Self.frame(bytes))
        #expect(frame.components.count == scan.layout.components.count)
        return try coefficients(
            LibrarySource(
                source, frame: frame, limits: DecodingLimits(), memory: 1 << 28, cancellation: CancellationFlag()))
    }

    private static func frame(_ bytes: [UInt8]) throws -> JPEGFrame? {
        var reader = JPEGSegmentReader(ImageSource(bytes: bytes))
        while let segment = try reader.next() {
            if JPEGMarker.isFrame(segment.marker) { return try JPEGFrame(segment, payload: reader.payload(segment)) }
        }
        return nil
    }

    private static func fixture(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/JPEG/\(name)", withExtension: "jpg"))
        return [UInt8](try Data(contentsOf: url))
    }

    @Test(
        "Coefficients are those that libjpeg-turbo reads, at every level",
        arguments: ["420", "422", "440", "411", "444", "gray", "restart"])
    func agreesWithLibrary(name: String) throws {
        let bytes = try Self.fixture(name)
        let expected = try #require(try Self.library(bytes))
        for level in KernelLevel.available { #expect(try Self.own(bytes, level: level) == expected) }
    }

    @Test(
        "Other kinds are left to the library", arguments: ["progressive", "arithmetic", "separate-scans", "many-scans"])
    func leavesOthers(name: String) throws {
        #expect(try SequentialScan.read(ImageSource(bytes: Self.fixture(name))) == nil)
    }

    @Test("A large file is fed in chunks without a trace")
    func chunks() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 1200, height: 900, grain: 40), quality: 96)
        #expect(bytes.count > 300_000)
        #expect(try Self.own(bytes) == Self.library(bytes))
    }

    /// `SNUG_FUZZ_SECONDS` makes it a campaign, best under AddressSanitizer (`make fuzz`).
    @Test("Damaged files are refused, or give the library's coefficients")
    func differential() throws {
        let seconds = ProcessInfo.processInfo.environment["SNUG_FUZZ_SECONDS"].flatMap(Double.init) ?? 1
        let files = try ["420", "422", "411", "444", "gray", "restart"].map { try Self.fixture($0) }
        let start = ContinuousClock.now
        var seed: UInt64 = UInt64(ProcessInfo.processInfo.environment["SNUG_FUZZ_SEED"] ?? "") ?? 0
        var compared = 0
        repeat {
            seed += 1
            var random = SeededGenerator(seed: seed)
            var bytes = files.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 2..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes.removeSubrange(place..<min(place + Int.random(in: 1...4, using: &random), bytes.count))
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            let mine: [[Int16]]?
            do { mine = try Self.own(bytes) } catch is ImageError { continue }
            guard let mine else { continue }
            // What this decoder takes for whole, the library takes for whole, and reads the same.
            let expected = try? Self.library(bytes)
            if let expected {
                #expect(mine == expected, "seed \(seed)")
                compared += 1
            }
        } while ContinuousClock.now - start < .seconds(seconds)
        #expect(compared > 0)
    }

    @Test("A flipped bit that leaves the stream out of step is seen as damage")
    func seesFlippedBits() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 400, height: 300), quality: 85)
        let scan = try #require(try SequentialScan.read(ImageSource(bytes: bytes)))
        var random = SeededGenerator(seed: 7)
        var seen = 0
        for _ in 0..<100 {
            var flipped = bytes
            flipped[Int.random(in: scan.data, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            if (try? Self.own(flipped)) ?? nil == nil { seen += 1 }
        }
        // Most flips change a coefficient or two and leave the rest in step: no decoder can tell.
        #expect(seen >= 15)
    }

    @Test("Bytes before a restart marker that belong to nothing are damage, however many", arguments: [100, 70_000])
    func strayBytes(count: Int) throws {
        let bytes = try Self.fixture("restart")
        let marker = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD0 })
        for byte: UInt8 in [0x00, 0x55] {
            var stray = bytes
            stray.insert(contentsOf: [UInt8](repeating: byte, count: count), at: marker)
            #expect(try Self.own(stray) == nil)
        }
    }

    @Test("A tail of zeros is damage: blocks were read from them")
    func zeroTail() throws {
        var bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 400, height: 300, grain: 10), quality: 90)
        let scan = try #require(try SequentialScan.read(ImageSource(bytes: bytes)))
        for place in (scan.data.lowerBound + scan.data.upperBound) / 2..<scan.data.upperBound { bytes[place] = 0 }
        #expect(try Self.own(bytes) == nil)
    }

    @Test("Truncation anywhere is an error, never a crash")
    func truncated() throws {
        let bytes = try Self.fixture("restart")
        let scan = try #require(try SequentialScan.read(ImageSource(bytes: bytes)))
        for end in scan.data.lowerBound + 1..<scan.data.upperBound - 1 {
            #expect(try Self.own(Array(bytes[..<end])) == nil)
        }
    }

    @Test("Samples predict what the whole image takes")
    func samples() throws {
        let bytes = try DrawnImage.jpeg(DrawnImage.scene(width: 2600, height: 1800, grain: 20), quality: 94)
        let source = ImageSource(bytes: bytes)
        let scan = try #require(try SequentialScan.read(source))
        let cancellation = CancellationFlag()
        let coefficients = try #require(try SequentialSource(source, scan: scan, cancellation: cancellation))
        let tables = StepTables(.fullSize, layout: coefficients.layout, sourceSteps: coefficients.steps)
        func predicted(_ sample: BlockSample) throws -> Double {
            let evaluator = try RateEvaluator(
                sample, stepTables: tables, isProgressive: false, segments: [], cancellation: cancellation)
            return try evaluator.estimate(RateModel(scale: 3)).bytes
        }
        let sampled = try coefficients.sample(blocks: 20_000)
        #expect(!sampled.isWhole && sampled.runs.count > 200)
        #expect(abs(try predicted(sampled) / predicted(try coefficients.wholeSample()) - 1) < 0.03)
    }
}
