// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Broken profiles: never a crash, always sRGB and a warning.
@Suite struct ICCProfileTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let apply: @Sendable (inout [UInt8]) -> Void

        init(_ name: String, _ reason: String, _ apply: @escaping @Sendable (inout [UInt8]) -> Void) {
            testDescription = name
            self.reason = reason
            self.apply = apply
        }

        static func overwriting(_ name: String, at offset: Int, with bytes: [UInt8], _ reason: String) -> Damage {
            Damage(name, reason) { $0.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
        }
    }

    /// The first tag's offset is at 136, its size at 140; the second's are 12 further on.
    static let damages = [
        Damage("no bytes", "cut short") { $0 = [] },
        Damage("a header without tags", "cut short") { $0 = Array($0.prefix(128)) },
        Damage("half of it", "of which") { $0.removeLast($0.count / 2) },
        Damage("one byte missing", "of which") { $0.removeLast() },
        Damage("text", "lacks the signature") {
            $0 = Array(repeating: 0x20, count: 200); $0.replaceSubrange(0..<4, with: [0, 0, 0, 200])
        },
        .overwriting("a size of nothing", at: 0, with: [0, 0, 0, 0], "only 0 bytes"),
        .overwriting("a size of 4 GiB", at: 0, with: [255, 255, 255, 255], "4294967295"),
        .overwriting("no signature", at: 36, with: [0x61, 0x63, 0x73, 0x71], "signature"),
        .overwriting("a device link", at: 12, with: Array("link".utf8), "'link'"),
        .overwriting("a class of control characters", at: 12, with: [27, 91, 50, 74], "'.[2J'"),
        .overwriting("for gray", at: 16, with: Array("GRAY".utf8), "'GRAY'"),
        .overwriting("for CMYK", at: 16, with: Array("CMYK".utf8), "'CMYK'"),
        .overwriting("connected through RGB", at: 20, with: Array("RGB ".utf8), "neither XYZ nor Lab"),
        .overwriting("no tags", at: 128, with: [0, 0, 0, 0], "0 tags"),
        .overwriting("4 billion tags", at: 128, with: [255, 255, 255, 255], "tags"),
        .overwriting("100 tags", at: 128, with: [0, 0, 0, 100], "past its end"),
        .overwriting("a tag inside the header", at: 136, with: [0, 0, 0, 4], "outside"),
        .overwriting("a tag far outside", at: 136, with: [255, 255, 255, 240], "outside"),
        .overwriting("a tag too long", at: 140, with: [255, 255, 255, 255], "outside"),
        .overwriting("a tag that runs into the next", at: 140, with: [0, 0, 0, 120], "overlap"),
        .overwriting("no primaries", at: 156, with: Array("zzzz".utf8), "makes no transform"),
    ]

    @Test("A broken profile is not used, and a warning says why", arguments: damages)
    func broken(damage: Damage) throws {
        var profile = try ColourFixtures.profile("p3")
        damage.apply(&profile)
        let made = ColourConversion.make(profile: profile, source: SampleLayout(.rgb))
        #expect(made.conversion.isIdentity)
        let warning = try #require(made.warnings.first)
        #expect(warning.contains(damage.reason))
        #expect(warning.hasSuffix("; sRGB is assumed"))
        #expect(made.conversion.converted([1, 2, 3]) == [1, 2, 3])
    }

    @Test(
        "A profile for other images is not used",
        arguments: [
            ("gray-gamma18", SampleLayout.Model.rgb), ("cmyk", .rgb), ("p3", .gray), ("p3", .cmyk),
            ("gray-gamma18", .invertedCMYK),
        ])
    func forOtherImages(name: String, model: SampleLayout.Model) throws {
        let layout = SampleLayout(model)
        let made = ColourConversion.make(profile: try ColourFixtures.profile(name), source: layout)
        #expect(made.warnings.count == 1)
        let pixel: [UInt8] = Array([40, 30, 20, 10].prefix(layout.channels))
        #expect(made.conversion.converted(pixel) == ColourConversion.assumed(for: layout).converted(pixel))
    }

    @Test("A profile larger than the limit is not used")
    func tooLarge() throws {
        let profile = try ColourFixtures.profile("p3")
        let made = ColourConversion.make(
            profile: profile, declaration: .undeclared, source: SampleLayout(.rgb), cache: ColourConversionCache(),
            maximumProfileBytes: profile.count - 1)
        #expect(made.conversion.isIdentity)
        #expect(try #require(made.warnings.first).contains("more than the \(profile.count - 1) that are read"))
    }

    @Test("Padding after a profile does no harm")
    func padded() throws {
        let profile = try ColourFixtures.profile("p3") + [0, 0, 0]
        let made = ColourConversion.make(profile: profile, source: SampleLayout(.rgb))
        #expect(made.warnings.isEmpty)
        #expect(!made.conversion.isIdentity)
    }

    @Test("Random damage never crashes", arguments: UInt64(0)..<4, ["p3", "adobergb", "gray-srgb", "cmyk"])
    func damaged(seed: UInt64, name: String) throws {
        let sound = try ColourFixtures.profile(name)
        let layout = SampleLayout(name == "cmyk" ? .cmyk : name == "gray-srgb" ? .gray : .rgb)
        var random = ColourNoise(seed: seed)
        for _ in 0..<12 {
            var profile = sound
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                profile[Int.random(in: 100..<profile.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            let made = ColourConversion.make(profile: profile, source: layout)
            let converted = made.conversion.converted([UInt8](repeating: 77, count: 5 * layout.channels))
            #expect(converted.count == 5 * made.conversion.outputChannels)
        }
    }

    @Test("Random bytes behind a sound header never crash", arguments: UInt64(0)..<20)
    func noise(seed: UInt64) throws {
        var random = ColourNoise(seed: seed)
        var profile = try ColourFixtures.profile("adobergb")
        for index in 128 + 4 + 9 * 12..<profile.count { profile[index] = .random(in: 0...255, using: &random) }
        let made = ColourConversion.make(profile: profile, source: SampleLayout(.rgb))
        #expect(made.conversion.isIdentity)
        #expect(made.warnings.count == 1)
    }

    @Test("Every truncation falls back")
    func truncated() throws {
        let profile = try ColourFixtures.profile("cmyk")
        for count in stride(from: 0, to: profile.count, by: 7) {
            let made = ColourConversion.make(profile: Array(profile[..<count]), source: SampleLayout(.cmyk))
            #expect(made.warnings.count == 1)
        }
    }

    @Test("A transform that may hold too little memory fails as such, whatever the amount", arguments: ["p3", "cmyk"])
    func outOfMemory(name: String) throws {
        let layout = SampleLayout(name == "cmyk" ? .cmyk : .rgb)
        let profile = try CheckedICCProfile(
            checking: ColourFixtures.profile(name), for: layout.model, maximumByteCount: 1 << 20)
        for limit in stride(from: 0, through: 40_000, by: 400) {
            #expect(throws: ColourTransform.Failure.outOfMemory) {
                _ = try ColourTransform(profile: profile, layout: layout, memoryLimit: limit)
            }
        }
    }
}
