// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct LimitsTests {
    @Test("A base64 limit allows three bytes for every four characters")
    func base64() { #expect(Limits(byteLimit: 5_242_880, counting: .base64).fileByteLimit == 3_932_160) }

    @Test(
        "Foundation's base64 of as many bytes as fit is within the limit, and of three more is not", arguments: 4...60)
    func base64OfFoundation(characters: Int) {
        let bytes = Limits(byteLimit: characters, counting: .base64).fileByteLimit
        #expect(Data(count: bytes).base64EncodedString().count <= characters)
        #expect(Data(count: bytes + 1).base64EncodedString().count > characters)
    }

    @Test("A share of the input is a limit where it is the tighter one", arguments: UInt64(1)...5)
    func share(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let counting = Limits.ByteCounting.allCases.randomElement(using: &random) ?? .raw
            var limits = Limits(byteLimit: Int.random(in: 1...100_000, using: &random), counting: counting)
            #expect(limits.resolved(inputBytes: 5) == limits)
            let input = Int.random(in: 0...200_000, using: &random)
            let share = Double.random(in: 0.01...1.5, using: &random)
            limits.inputShare = share
            let resolved = limits.resolved(inputBytes: input)
            let (own, shared) = (limits.fileByteLimit, Int(Double(input) * share))
            #expect(resolved.inputShare == nil && resolved.fileByteLimit == (shared < own ? max(shared, 1) : own))
            #expect(resolved.resolved(inputBytes: 1) == resolved)
        }
    }

    @Test("Any limit on sides or pixels is geometry, limits on bytes are none")
    func geometry() {
        #expect(Limits(byteLimit: 5, counting: .base64, minimumSide: 3).hasNoGeometry)
        let changes: [@Sendable (inout Limits) -> Void] = [
            { $0.maximumSide = 9 }, { $0.maximumPixelCount = 9 }, { $0.maximumWidth = 9 }, { $0.maximumHeight = 9 },
            { $0.maximumShortSide = 9 },
        ]
        for change in changes {
            var limits = Limits()
            change(&limits)
            #expect(!limits.hasNoGeometry)
        }
    }

    @Test("An API that wants sRGB has colours converted, and nothing takes that back")
    func sRGB() {
        var limits = Limits()
        #expect(FitPolicy().under(limits) == FitPolicy())
        limits.requiresSRGB = true
        #expect(FitPolicy().under(limits).convertsToSRGB)
        #expect(!FitPolicy(metadata: .keep).under(limits).keepsProfile)
        var policy = FitPolicy()
        policy.convertsToSRGB = true
        #expect(policy.under(Limits()).convertsToSRGB)
    }
}
