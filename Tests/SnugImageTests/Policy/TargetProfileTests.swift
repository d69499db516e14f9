// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@Suite struct TargetProfileTests {
    @Test("Names are unique, lower case and found in any case")
    func names() {
        let names = TargetProfile.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name == name.lowercased())
            #expect(TargetProfile.named(name.uppercased())?.name == name)
        }
        #expect(names.count >= 39)
    }

    @Test("Every profile leaves room for an image, in a format that Snug writes, and says where it is from")
    func areUsable() {
        for profile in TargetProfile.all {
            #expect(profile.limits.fileByteLimit >= 700_000, "\(profile.name)")
            #expect(!profile.limits.formats.isEmpty, "\(profile.name)")
            #expect(profile.limits.formats.isSubset(of: ImageFormat.deliverable), "\(profile.name)")
            #expect(profile.limits.formats.isSubset(of: profile.acceptedFormats), "\(profile.name)")
            #expect(!profile.source.isEmpty && !profile.title.isEmpty, "\(profile.name)")
        }
    }

    @Test(
        "A file that fits a profile's limit is within the vendor's figure once it is counted as the vendor counts",
        arguments: TargetProfile.all)
    func countsAsTheVendorDoes(profile: TargetProfile) throws {
        guard let stated = profile.statedBytes else {
            #expect(profile.limits.fileByteLimit <= 10_000_000)
            return
        }
        let file = profile.limits.fileByteLimit
        let text = (file + 2) / 3 * 4
        switch profile.counting {
        case .raw: #expect(file == stated)
        case .base64: #expect(text <= stated && text > stated - 4)
        case .request: #expect(file + TargetProfile.requestAllowance == stated)
        case .requestBase64: #expect(text + TargetProfile.requestAllowance <= stated)
        }
    }

    @Test("The figure that Anthropic counts in base64 leaves 3,932,160 bytes of file")
    func anthropic() {
        #expect(TargetProfile.named("anthropic-vision")?.limits.fileByteLimit == 3_932_160)
    }

    @Test(
        "An unknown name brings near ones",
        arguments: [
            ("blusky", "bluesky"), ("openai", "openai-edit"), ("anthropic", "anthropic-vision"),
            ("mastadon", "mastodon"),
            ("TELEGRAM", "telegram-file"),
        ])
    func suggests(wrong: String, right: String) {
        #expect(TargetProfile.names(near: wrong).contains(right))
    }

    @Test("A name like none brings none")
    func suggestsNothing() { #expect(TargetProfile.names(near: "qwertyuiop").isEmpty) }
}
