// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Chroma resolution that is left open.
@Suite struct ChromaFitTests {
    enum Subject: CaseIterable {
        /// Lines of a pixel in pure colours on white, as in drawings.
        case lines
        /// Flat areas of pure colours, as in charts and posters.
        case areas
        /// A photo with coloured strokes in a corner, as a caption has.
        case caption
        case photo

        func plane(width: Int, height: Int) -> Plane {
            var random = SeededGenerator(seed: 11)
            let colours: [[UInt8]] = [[220, 0, 0], [0, 0, 220], [0, 130, 0], [170, 0, 170]]
            switch self {
            case .photo: return DrawnImage.scene(width: width, height: height, grain: 14)
            case .caption:
                let plane = DrawnImage.scene(width: width, height: height, grain: 6)
                for y in height * 3 / 4..<height - 4 where y % 7 < 5 {
                    var row = plane.mutableRow(y)
                    for x in 8..<width - 8 where (x * 5 + y * 3) % 11 < 3 {
                        for channel in 0..<3 { row[x * 3 + channel] = colours[y / 7 % 4][channel] }
                    }
                }
                return plane
            case .areas, .lines:
                let plane = Plane(width: width, height: height, channels: 3)
                for y in 0..<height {
                    var row = plane.mutableRow(y)
                    for index in row.indices { row[index] = 255 }
                }
                for number in 0..<(self == .lines ? 40 : 12) {
                    let colour = colours[number % colours.count]
                    let (left, top) = (
                        Int.random(in: 0..<width, using: &random), Int.random(in: 0..<height, using: &random)
                    )
                    let slope = Double.random(in: -1...1, using: &random)
                    for x in left..<min(left + (self == .lines ? width : width / 5), width) {
                        let y = self == .lines ? top + Int(slope * Double(x - left)) : top
                        for y in y..<(self == .lines ? y + 1 : y + height / 6) where (0..<height).contains(y) {
                            var row = plane.mutableRow(y)
                            for channel in 0..<3 { row[x * 3 + channel] = colour[channel] }
                        }
                    }
                }
                return plane
            }
        }
    }

    private let fitter = ImageFitter(configuration: .init(memory: 1 << 30, threads: 2))

    /// Decibels of an output against the image, at the image's size: the mean of luma and chroma.
    private func decibels(
        _ bytes: [UInt8], limit: Int, _ chroma: FitPolicy.ChromaChoice, of original: Plane, keepsSize: Bool = false
    ) async throws -> Double? {
        do {
            let image = try await fitter.fit(
                ImageSource(bytes: bytes), limits: Limits(byteLimit: limit),
                policy: FitPolicy(keepsSize: keepsSize, format: .jpeg, chroma: chroma))
            #expect(image.byteCount <= limit)
            let output = try DrawnImage.decoded(image.bytes(of: bytes))
            let raster = Raster(
                .interleaved(width: output.width, height: output.height, channels: 3), planes: [output])
            let whole = try PixelSupply.resize(
                raster, to: .interleaved(width: original.width, height: original.height, channels: 3),
                cancellation: CancellationFlag()
            ).planes[0]
            return Self.decibels(whole, original)
        } catch let error as ImageError where error.code == .cannotFit {
            return nil
        }
    }

    /// The mean of the peak signal-to-noise ratios of luma, twice, and both chroma planes (ITU-R BT.601).
    private static func decibels(_ one: Plane, _ other: Plane) -> Double {
        var sums = (luma: 0.0, blue: 0.0, red: 0.0)
        for y in 0..<one.height {
            let (a, b) = (one.row(y), other.row(y))
            for x in 0..<one.width {
                let (red, green, blue) = (
                    Double(a[3 * x]) - Double(b[3 * x]), Double(a[3 * x + 1]) - Double(b[3 * x + 1]),
                    Double(a[3 * x + 2]) - Double(b[3 * x + 2])
                )
                let luma = 0.299 * red + 0.587 * green + 0.114 * blue
                sums.luma += luma * luma
                sums.blue += (0.564 * (blue - luma)) * (0.564 * (blue - luma))
                sums.red += (0.713 * (red - luma)) * (0.713 * (red - luma))
            }
        }
        func ratio(_ sum: Double) -> Double {
            10 * Double.log10(255 * 255 / max(sum / Double(one.width * one.height), 1e-6))
        }
        return (2 * ratio(sums.luma) + ratio(sums.blue) + ratio(sums.red)) / 4
    }

    @Test(
        "An open choice fits where one of both does, and never loses more than a decibel to the better of both",
        arguments: Subject.allCases, [0.5, 0.3, 0.15])
    func best(subject: Subject, share: Double) async throws {
        let plane = subject.plane(width: 200, height: 150)
        let bytes = try DrawnImage.jpeg(plane, quality: 94, subsamples: false)
        let limit = Int(Double(bytes.count) * share)
        let original = try DrawnImage.decoded(bytes)
        for keepsSize in [false, true] {
            let half = try await decibels(bytes, limit: limit, .s420, of: original, keepsSize: keepsSize)
            let full = try await decibels(bytes, limit: limit, .s444, of: original, keepsSize: keepsSize)
            let open = try await decibels(bytes, limit: limit, .automatic, of: original, keepsSize: keepsSize)
            guard let most = [half, full].compactMap({ $0 }).max() else {
                #expect(open == nil)
                continue
            }
            let found = try #require(open, "\(subject) \(share): one of the two fits")
            #expect(found >= most - 1, "\(subject) \(share): \(found) of \(half ?? -1), \(full ?? -1)")
        }
    }

    @Test(
        "An open choice for a source of half the chroma never loses more than a decibel to half",
        arguments: Subject.allCases, [0.3, 0.08])
    func subsampled(subject: Subject, share: Double) async throws {
        let bytes = try DrawnImage.jpeg(subject.plane(width: 200, height: 150), quality: 94)
        let limit = Int(Double(bytes.count) * share)
        let original = try DrawnImage.decoded(bytes)
        guard let half = try await decibels(bytes, limit: limit, .s420, of: original) else { return }
        let open = try #require(try await decibels(bytes, limit: limit, .automatic, of: original))
        #expect(open >= half - 1, "\(subject) \(share): \(open) of \(half)")
    }

    @Test("Half of the chroma wins where its difference is within 5 % of that of all of it, and loses beyond")
    func nearTies() {
        func halfWins(_ half: Double, _ full: Double) -> Bool {
            ChromaFit.weighed(half, isHalf: true) < ChromaFit.weighed(full, isHalf: false)
        }
        #expect(halfWins(0.2, 0.2) && halfWins(0.2, 0.195) && halfWins(0.2, 0.1901) && halfWins(0.1, 0.3))
        #expect(!halfWins(0.2, 0.1899) && !halfWins(0.2, 0.15) && !halfWins(0.2, 0.01))
    }
}
