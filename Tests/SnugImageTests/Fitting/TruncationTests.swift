// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

/// Files cut at any byte, through every way that a fit can take.
@Suite struct TruncationTests {
    /// A way through a fit.
    enum Way: CaseIterable {
        case pass, strip, requantise, scale, stepped, lossless, png

        var limits: Limits {
            switch self {
            case .requantise: Limits(byteLimit: 1_000)
            case .scale: Limits(maximumSide: 14)
            default: Limits()
            }
        }

        var policy: FitPolicy {
            var policy = FitPolicy(qualityFloor: 1)
            policy.metadata = self == .strip ? .strip : .keep
            policy.isLossless = self == .lossless
            if self == .stepped { policy = FitPolicy(strategy: .stepped, qualityFloor: 1, qualityCeiling: 40) }
            if self == .stepped { policy.maximumScale = 0.9 }
            if self == .png { policy.format = .png }
            return policy
        }
    }

    private let fitter = ImageFitter(configuration: .init(memory: 1 << 28, threads: 1))

    private func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    /// Some twenty cuts, the last bytes all among them but for those of the end marker.
    private func cuts(_ count: Int) -> [Int] {
        Array(stride(from: 1, to: count - 2, by: max(count / 14, 1))) + (3...6).map { count - $0 }
    }

    @Test(
        "A cut JPEG that is to be recovered comes out whichever way it goes, within the limit",
        arguments: [500, 4_000, 20_000, 1 << 20], [false, true])
    func recovered(limit: Int, isProgressive: Bool) async throws {
        let scene = DrawnImage.scene(width: 640, height: 480, grain: 10)
        let input = try DrawnImage.jpeg(scene, coding: isProgressive ? .progressive : .optimized)
        var policy = FitPolicy(qualityFloor: 1)
        policy.recoversPartialImages = true
        let image = try await fitter.fit(
            ImageSource(bytes: Array(input.prefix(input.count / 2))), limits: Limits(byteLimit: limit), policy: policy)
        #expect(image.status == .fitted && image.byteCount <= limit && !image.warnings.isEmpty)
    }

    @Test("An error about an image that is to be recovered gives no advice to recover it")
    func recoveredAdvice() async throws {
        let input = try fixture("JPEG/420.jpg")
        for recovers in [false, true] {
            var policy = FitPolicy(qualityFloor: 1, recoversPartialImages: recovers)
            policy.format = .png
            await #expect {
                try await fitter.fit(
                    ImageSource(bytes: Array(input.dropLast(300))), limits: Limits(byteLimit: 60), policy: policy)
            } throws: {
                let error = $0 as? ImageError
                return error?.settings.contains(.recovery) != recovers
                    && error?.message.contains("turn on recovery") != recovers
            }
        }
    }

    @Test(
        "A cut JPEG is an error whichever way it would have gone, never an image",
        arguments: ["420", "gray", "progressive", "arithmetic", "separate-scans", "restart"], Way.allCases)
    func jpeg(name: String, way: Way) async throws {
        let input = try fixture("JPEG/\(name).jpg")
        let whole = try await fitter.fit(ImageSource(bytes: input), limits: way.limits, policy: way.policy)
        #expect(whole.byteCount > 0)
        for end in cuts(input.count) {
            await #expect("\(end) of \(input.count) bytes") {
                try await fitter.fit(
                    ImageSource(bytes: Array(input[..<end])), limits: way.limits, policy: way.policy)
            } throws: {
                guard let code = ($0 as? ImageError)?.code else { return false }
                return [.truncatedInput, .corruptInput, .notAnImage].contains(code)
            }
        }
    }

    @Test(
        "A cut PNG is an error whichever way it would have gone, never an image",
        arguments: ["rgb8", "rgba8-adam7", "palette4", "gray16"], [Way.pass, .strip, .scale, .lossless])
    func png(name: String, way: Way) async throws {
        let input = try PNGTestFile.fixture("\(name).png")
        let whole = try await fitter.fit(ImageSource(bytes: input), limits: way.limits, policy: way.policy)
        #expect(whole.byteCount > 0)
        // The last bytes of the data may hold no row any more.
        for end in stride(from: 1, to: input.count * 8 / 10, by: max(input.count / 14, 1)) {
            await #expect("\(end) of \(input.count) bytes") {
                try await fitter.fit(
                    ImageSource(bytes: Array(input[..<end])), limits: way.limits, policy: way.policy)
            } throws: {
                guard let code = ($0 as? ImageError)?.code else { return false }
                return [.truncatedInput, .corruptInput, .notAnImage].contains(code)
            }
        }
    }

    @Test("With recovery a cut file becomes an image of the whole size, and says what is missing")
    func recovery() async throws {
        for name in ["420", "restart"] {
            let input = try fixture("JPEG/\(name).jpg")
            let scan = try #require(input.indices.first { input[$0...].starts(with: [0xFF, 0xDA]) })
            for end in stride(from: scan + 60, to: input.count - 2, by: 97) {
                let image = try await fitter.fit(
                    ImageSource(bytes: Array(input[..<end])), limits: Limits(),
                    policy: FitPolicy(recoversPartialImages: true))
                #expect(image.status == .fitted && image.width == 37 && image.height == 27, "\(name), \(end)")
                #expect(!image.warnings.isEmpty, "\(name), \(end)")
                #expect(try DrawnImage.decoded(image.bytes(of: [])).height == 27)
            }
        }
    }
}
