// SPDX-License-Identifier: Apache-2.0
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

    private func loss(
        _ bytes: [UInt8], limit: Int, _ chroma: FitPolicy.ChromaChoice, of original: Plane, keepsSize: Bool = false
    ) async throws -> Double? {
        do {
            let image = try await fitter.fit(
                ImageSource(bytes: bytes), limits: Limits(byteLimit: limit),
                policy: FitPolicy(keepsSize: keepsSize, format: .jpeg, chroma: chroma))
            #expect(image.byteCount <= limit)
            return try DrawnImage.loss(of: try DrawnImage.decoded(image.bytes(of: bytes)), against: original)
        } catch let error as ImageError where error.code == .cannotFit {
            return nil
        }
    }

    @Test(
        "An open choice fits where one of both does, and loses no more than the worse of both",
        arguments: Subject.allCases, [0.5, 0.15])
    func best(subject: Subject, share: Double) async throws {
        let plane = subject.plane(width: 200, height: 150)
        let bytes = try DrawnImage.jpeg(plane, quality: 94, subsamples: false)
        let limit = Int(Double(bytes.count) * share)
        let original = try DrawnImage.decoded(bytes)
        for keepsSize in [false, true] {
            let half = try await loss(bytes, limit: limit, .s420, of: original, keepsSize: keepsSize)
            let full = try await loss(bytes, limit: limit, .s444, of: original, keepsSize: keepsSize)
            let open = try await loss(bytes, limit: limit, .automatic, of: original, keepsSize: keepsSize)
            guard let most = [half, full].compactMap({ $0 }).max() else {
                #expect(open == nil)
                continue
            }
            let found = try #require(open, "\(subject) \(share): one of the two fits")
            #expect(found <= most * 1.05 + 0.1, "\(subject) \(share): \(found) of \(half ?? -1), \(full ?? -1)")
        }
    }
}
