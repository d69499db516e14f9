// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// A sidecar's options in place of the folder's.
@Suite struct SidecarOptionsTests {
    private func folder(_ pipeline: String) throws -> WatchFolder {
        var folder = WatchFolder(inbox: "/in", outbox: "/out", pipeline: try #require(Pipeline(pipeline)))
        folder.generation = GenerationSettings(account: "main", prompt: "a lighthouse", model: "flux")
        folder.generation?.parameters = ["quality": .text("low")]
        return folder
    }

    private let accounts = [Account(name: "main", provider: .pollinations), Account(name: "second", provider: .openai)]

    private func apply(_ text: String, _ pipeline: String = "fit,generate") throws -> JobOptions {
        guard case .present(let sidecar) = Sidecar.parse(Array(text.utf8)) else {
            throw WatchError(.invalidSidecar, "is no sidecar")
        }
        var options = JobOptions(try folder(pipeline))
        try options.apply(sidecar, accounts: accounts)
        return options
    }

    @Test("A sidecar that sets nothing changes nothing")
    func empty() throws {
        #expect(try apply("{}") == JobOptions(try folder("fit,generate")))
    }

    @Test("Limits of the sidecar take the place of the folder's, one by one")
    func limits() throws {
        let fit = try #require(try apply(#"{"limit": "2MB", "max_side": 512, "strategy": "stepped"}"#, "fit").fit)
        #expect(fit.byteLimit == 2_000_000 && fit.maximumSide == 512 && fit.policy.strategy == .stepped)
        #expect(fit.counting == .raw)
        let binary = try #require(try apply(#"{"limit": "2MiB"}"#, "fit").fit)
        #expect(binary.byteLimit == 2_097_152 && binary.maximumSide == nil)
    }

    @Test("Every setting of a fit may be a sidecar's, written as in a configuration")
    func settings() throws {
        let text =
            #"{"limit": "2MB", "base64": true, "max_pixels": 900, "quality_floor": 40, "metadata": "gps", "page": 2,"#
            + #" "keep_size": true, "palette": "never"}"#
        let fit = try #require(try apply(text, "fit").fit)
        #expect(fit.byteLimit == 2_000_000 && fit.counting == .base64 && fit.maximumPixelCount == 900)
        #expect(fit.policy.qualityFloor == 40 && fit.policy.page == 2 && fit.policy.keepsSize)
        #expect(fit.policy.palette == .never && fit.policy.metadata == FitPolicy.Metadata(rawValue: "gps"))
        // What is set to the folder's own value is the folder's work.
        #expect(try apply(#"{"palette": "auto"}"#, "fit") == JobOptions(try folder("fit")))
    }

    @Test("WebP is accepted where no target objects to it, and only where its profile takes it else")
    func webP() throws {
        #expect(try #require(try apply(#"{"format": "webp"}"#, "fit").fit).limits.formats.contains(.webp))
        let profile = try #require(TargetProfile.all.first { !$0.limits.formats.contains(.webp) })
        let fit = try #require(try apply(#"{"profile": "\#(profile.name)", "format": "webp"}"#, "fit").fit)
        #expect(!fit.limits.formats.contains(.webp) && fit.policy.format == .webp)
        #expect(!(try #require(try apply("{}", "fit").fit).limits.formats.contains(.webp)))
    }

    @Test("A profile brings all of its limits, and single limits beside it win")
    func profile() throws {
        let profile = try #require(TargetProfile.named("bluesky"))
        let plain = try #require(try apply(#"{"profile": "bluesky"}"#, "fit").fit)
        var limits = profile.limits
        // A request holds one image of a folder.
        limits.maximumImagesPerRequest = nil
        #expect(plain.limits == limits)
        // As the option is named.
        #expect(try apply(#"{"for": "bluesky"}"#, "fit") == apply(#"{"profile": "bluesky"}"#, "fit"))
        let both = try #require(try apply(#"{"profile": "bluesky", "max_side": 100}"#, "fit").fit)
        #expect(both.byteLimit == plain.byteLimit && both.maximumSide == 100)
    }

    @Test("The format is the fitted image's where nothing is generated, and the result's where something is")
    func format() throws {
        let fitted = try apply(#"{"format": "png"}"#, "fit")
        #expect(fitted.fit?.policy.format == .png && fitted.generation == nil)
        #expect(try apply(#"{"format": "jpg"}"#, "fit").fit?.policy.format == .jpeg)
        let generated = try apply(#"{"format": "webp"}"#)
        let plain = JobOptions(try folder("fit,generate"))
        #expect(generated.generation?.format == "webp" && generated.fit == plain.fit)
    }

    @Test(
        "A background is a colour by name or by number",
        arguments: [("white", 255, 255, 255), ("#ff0080", 255, 0, 128)])
    func background(text: String, red: UInt8, green: UInt8, blue: UInt8) throws {
        let fit = try #require(try apply(#"{"background": "\#(text)"}"#, "fit").fit)
        #expect(fit.policy.background == RGBColour(red: red, green: green, blue: blue))
    }

    @Test("The order of a generation is changed key by key; what the sidecar leaves open is the folder's")
    func generation() throws {
        let order = try #require(
            try apply(
                #"{"prompt": "a red house", "size": "512x768", "n": 2, "seed": 7, "timeout": 60, "negative_prompt": "people"}"#
            ).generation)
        #expect(order.prompt == "a red house" && order.model == "flux" && order.account == "main")
        #expect(order.size == "512x768" && order.count == 2 && order.seed == 7 && order.timeout == 60)
        #expect(order.parameters == ["quality": .text("low"), "negative_prompt": .text("people")])
        let request = order.request(with: [])
        #expect(
            request.prompt == "a red house" && request.size == ImageSize(width: 512, height: 768) && request.count == 2)
    }

    @Test("Options of the provider's own are passed on as the kinds of values that they are")
    func parameters() throws {
        let order = try #require(
            try apply(#"{"options": {"quality": "high", "steps": 20, "strength": 0.5, "safe": true}}"#).generation)
        #expect(
            order.parameters == [
                "quality": .text("high"), "steps": .integer(20), "strength": .number(0.5), "safe": .flag(true),
            ])
    }

    @Test(
        "A provider is named by its account, or by itself",
        arguments: [("second", "second"), ("openai", "second"), ("main", "main")])
    func provider(text: String, account: String) throws {
        #expect(try apply(#"{"provider": "\#(text)"}"#).generation?.account == account)
    }

    @Test(
        "What cannot be is refused with the key and the remedy",
        arguments: [
            (#"{"n": 0}"#, "fit,generate", "\"n\" is 0"), (#"{"size": "big"}"#, "fit,generate", "1024x1024"),
            (#"{"provider": "openia"}"#, "fit,generate", "known are main, second"),
            (#"{"provider": "secnd"}"#, "fit,generate", "did you mean \"second\"?"),
            (#"{"options": {"a": [1]}}"#, "fit,generate", "\"a\" in \"options\""),
            (#"{"options": {"a": null}}"#, "fit,generate", "text, a number or a flag"),
            (#"{"seed": 1}"#, "fit", "does not generate"), (#"{"timeout": 1}"#, "fit,upload", "does not generate"),
            (#"{"limit": "1MB"}"#, "generate", "does not fit"), (#"{"profile": "bluesky"}"#, "upload", "does not fit"),
            (#"{"limit": "0"}"#, "fit", "1 byte or more"), (#"{"format": "bmp"}"#, "fit", "\"bmp\" is no format"),
            (#"{"palette": "nver"}"#, "fit", "\"palette\": 'nver' is not known. Did you mean never?"),
            (#"{"page": 0}"#, "fit", "\"page\": "), (#"{"salvage": true}"#, "upload", "does not fit"),
            (#"{"strategy": "steped"}"#, "fit", "did you mean \"stepped\"?"),
        ])
    func refused(text: String, pipeline: String, hint: String) {
        let error = #expect(throws: WatchError.self) { try apply(text, pipeline) }
        #expect(error?.code == .invalidSidecar && error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }

    @Test("A prompt is needed only where something is generated", arguments: [("fit", true), ("fit,generate", false)])
    func promptless(pipeline: String, isComplete: Bool) throws {
        var folder = try folder(pipeline)
        for prompt in [nil, "", "  \n"] {
            folder.generation?.prompt = prompt
            let options = JobOptions(folder)
            let hasAll = (try? options.checkComplete()) != nil
            #expect(hasAll == isComplete)
        }
        folder.generation?.prompt = "x"
        #expect(throws: Never.self) { try JobOptions(folder).checkComplete() }
    }

    @Test(
        "Each stage follows the one before in the pipeline, and delivery is last",
        arguments: [
            ("fit", JobStep.fit, [JobStep.deliver]), ("upload", .upload, [.deliver]), ("generate", .submit, [.deliver]),
            ("fit,upload", .fit, [.upload, .deliver]), ("fit,generate", .fit, [.submit, .deliver]),
            ("fit,upload,generate", .fit, [.upload, .submit, .deliver]),
        ])
    func steps(pipeline: String, first: JobStep, then: [JobStep]) throws {
        var folder = try folder(pipeline)
        folder.upload = UploadSettings(url: try HTTPURL("https://host.example/"))
        let options = JobOptions(folder)
        #expect(options.firstStep == first)
        var steps: [JobStep] = []
        for stage in options.stages { steps.append(options.step(after: stage)) }
        #expect(steps == then)
    }

    @Test("Secrets of an upload are kept by their places only, and paths of any bytes come back")
    func secrets() throws {
        var folder = try folder("fit,upload")
        var upload = UploadSettings(url: try HTTPURL("https://host.example/in/"), uploadProtocol: .s3)
        let path = FilePath(bytes: Array("/keys/".utf8) + [0xFF])
        upload.headers = [
            UploadSettings.Header("authorization", .secret(prefix: "Bearer ", .environment("SNUG_NO_SUCH_TOKEN"))),
            UploadSettings.Header("x-key", .secret(prefix: "", .file(path))), UploadSettings.Header("x-a", .text("b")),
        ]
        upload.s3 = UploadSettings.S3Keys(region: "eu-1")
        folder.upload = upload
        let text = JobOptions(folder).text
        let order = try #require(JobOptions(text: text)?.upload)
        #expect(order.headers.map(\.variable) == ["SNUG_NO_SUCH_TOKEN", nil, nil])
        #expect(order.headers[1].file.map { PathText.decode($0) } == path.bytes)
        #expect(order.headers[2].text == "b" && order.s3Region == "eu-1")
        #expect(order.s3Key?.variable == "AWS_SECRET_ACCESS_KEY")
        let error = #expect(throws: DaemonError.self) { try order.headers[0].value() }
        #expect(error?.code == .secretMissing)
    }
}
