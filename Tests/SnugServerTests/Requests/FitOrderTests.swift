// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct FitOrderTests {
    private static func order(_ text: String) throws -> FitOrder {
        try FitOrder(try #require(FormText.fields(text)))
    }

    private static func fault(_ text: String) throws -> ServiceError {
        try #require(throws: ServiceError.self) { try order(text) }
    }

    @Test("Without parameters the defaults of the engine are in force")
    func defaults() throws {
        let order = try Self.order("")
        #expect(order.limits == Limits())
        #expect(order.policy == FitPolicy())
        #expect(order.target == nil)
    }

    @Test("Limits are read as the command reads them")
    func limits() throws {
        let order = try Self.order(
            "limit=1.5MiB&min-bytes=10k&max-side=2048px&short-side=900&max-width=1000&max-height=800&max-pixels=2.5MP")
        #expect(order.limits.byteLimit == 1_572_864)
        #expect(order.limits.minimumBytes == 10_000)
        #expect(order.limits.maximumSide == 2048)
        #expect(order.limits.maximumShortSide == 900)
        #expect(order.limits.maximumWidth == 1000)
        #expect(order.limits.maximumHeight == 800)
        #expect(order.limits.maximumPixelCount == 2_500_000)
        #expect(try Self.order("limit=50%25").limits.inputShare == 0.5)
        #expect(try Self.order("base64").limits.counting == .base64)
        #expect(try Self.order("base64=no").limits.counting == .raw)
    }

    @Test("A profile sets its limits, and other parameters override it in whatever order they come")
    func profile() throws {
        let profile = try #require(TargetProfile.named("bluesky"))
        #expect(try Self.order("for=bluesky").limits == profile.limits)
        #expect(try Self.order("for=Bluesky").target == "bluesky")
        for text in ["for=bluesky&limit=1kB", "limit=1kB&for=bluesky"] {
            let order = try Self.order(text)
            #expect(order.limits.byteLimit == 1000)
            #expect(order.limits.maximumSide == profile.limits.maximumSide)
        }
    }

    @Test("Choices of the image are read as the command reads them")
    func policy() throws {
        let policy = try Self.order(
            "format=JPG&strategy=stepped&effort=fast&keep-size&scale=0.5&baseline=1&quality-floor=30&quality-ceiling=90&"
                + "chroma=4:4:4&palette=never&metadata=exif,icc&copy-compliant=yes&to-srgb=on&background=%23f00&salvage=true&page=3"
        ).policy
        var expected = FitPolicy(
            strategy: .stepped, effort: .fast, keepsSize: true, qualityFloor: 30, qualityCeiling: 90, format: .jpeg,
            metadata: FitPolicy.Metadata(kinds: [.exif, .icc]), chroma: .s444,
            background: RGBColour(red: 255, green: 0, blue: 0), recoversPartialImages: true)
        expected.maximumScale = 0.5
        expected.palette = .never
        expected.page = 3
        expected.isBaseline = true
        expected.copiesCompliant = true
        expected.convertsToSRGB = true
        #expect(policy == expected)
        #expect(
            try Self.order("size=200x230&crop").policy.frame == ExactFrame(width: 200, height: 230, filling: .crop))
        let lossless = try Self.order("lossless&min-saving=5%25").policy
        #expect(lossless.isLossless)
        #expect(lossless.minimumSaving == 0.05)
    }

    @Test("Guards may be tighter than the server's, and no looser")
    func guards() throws {
        let order = try Self.order(
            "max-input-pixels=0.001MP&max-input-side=9px&max-input-metadata=1k&max-input-scans=3")
        #expect(order.policy.decodingLimits.maximumPixelCount == 1000)
        #expect(order.policy.decodingLimits.maximumSide == 9)
        #expect(order.policy.decodingLimits.maximumMetadataBytes == 1000)
        #expect(order.policy.decodingLimits.maximumScanCount == 3)
        #expect(try Self.fault("max-input-pixels=268402690").code == "invalid_parameter")
        #expect(try Self.order("max-input-pixels=268402689").policy.decodingLimits == DecodingLimits())
    }

    @Test(
        "An unknown parameter is refused, and the nearest one named",
        arguments: [
            ("limt=1MB", "limit"), ("max_side=5", "max-side"), ("Limit=5", "limit"),
            ("qualityfloor=5", "quality-floor"),
            ("keepsize", "keep-size"), ("zzzzzzzzzz=1", nil), ("output=x", nil), ("=1", nil),
        ] as [(String, String?)])
    func unknown(text: String, nearest: String?) throws {
        let error = try Self.fault(text)
        #expect(error.status.code == 400)
        #expect(error.code == "unknown_parameter")
        #expect(error.details["nearest"]?.text == nearest)
        if let nearest { #expect(error.message.contains("Did you mean '\(nearest)'?")) }
    }

    @Test(
        "A value that cannot be used is refused by the parameter's name",
        arguments: [
            "limit=", "limit=0", "limit=-5", "limit=10 MB or so", "limit=0%25", "limit=101%25", "limit=1e400",
            "min-bytes=0",
            "max-side=0", "max-side=-1", "max-side=1.5", "max-side=99999999999999999999", "max-pixels=0",
            "max-pixels=1e20",
            "max-pixels=1 2MP", "for=nobody", "format=gif", "format=", "strategy=worst", "effort=9", "keep-size=maybe",
            "scale=2", "scale=nan", "scale=inf", "quality-floor=0", "quality-floor=101", "quality-ceiling=x",
            "chroma=4:1:1", "page=0", "palette=yes", "dither=0.5",
            "metadata=all", "background=reddish", "background=%23ff", "size=200", "size=0x5&crop", "size=1x1", "crop",
            "pad=1",
            "size=2x2&crop&pad", "size=2x2&pad&metadata=keep", "size=2x2&pad&lossless", "min-saving=5%25",
            "limit=1k&min-bytes=2k", "limit=1TB&min-bytes=65MiB", "limit=8EB&min-bytes=8EB", "limit=1k&limit=2k",
            "max-input-side=0",
        ])
    func invalid(text: String) throws {
        let error = try Self.fault(text)
        #expect(error.status.code == 400)
        #expect(error.code == "invalid_parameter")
        let name = try #require(error.details["parameter"]?.text)
        #expect(text.contains(name))
        #expect(error.message.hasPrefix("'\(name)': "))
    }

    @Test("A stranger's text is shown without controls, and not at any length")
    func hostileText() throws {
        let error = try Self.fault("%1b[31m" + String(repeating: "a", count: 5000) + "=1")
        #expect(error.message.utf8.count < 1000)
        #expect(!error.message.contains("\u{1b}"))
        #expect(try Self.fault("background=%0d%0aSet-Cookie:x").message.contains("\r") == false)
    }
}
