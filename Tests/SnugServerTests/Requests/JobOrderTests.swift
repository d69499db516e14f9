// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugGeneration
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugServer

/// What requests for jobs ask for, with the folders of a configuration.
@Suite struct JobOrderTests {
    private static let folders: [WatchFolder] = {
        var fit = WatchFolder(inbox: "/srv/shop", outbox: "/srv/out/shop")
        fit.limits.byteLimit = 200_000
        fit.limits.maximumSide = 900
        fit.policy.format = .jpeg
        fit.maximumAttempts = 9
        var upload = WatchFolder(inbox: "/srv/raw", outbox: "/srv/out/raw", pipeline: Pipeline([.upload]) ?? .fit)
        upload.upload = nil
        var generate = WatchFolder(
            inbox: "/srv/art", outbox: "/srv/out/art", pipeline: Pipeline([.fit, .generate]) ?? .fit)
        generate.generation = GenerationSettings(account: "main", prompt: "a lighthouse", model: "flux")
        return [fit, upload, generate]
    }()

    private static func submission(_ text: String) throws -> Submission {
        let order = try JobOrder(try #require(FormText.fields(text)), among: folders)
        return order.submission(.bytes([1]), named: OutputFileName("a.jpg"))
    }

    private static func fault(_ text: String) throws -> ServiceError {
        try #require(throws: ServiceError.self) { try submission(text) }
    }

    @Test("Without a pipeline the request is a fit with the engine's defaults")
    func plain() throws {
        let submission = try Self.submission("limit=1MB")
        #expect(submission.base == nil && submission.sidecar == nil && !submission.hasTarget)
        #expect(submission.limits.byteLimit == 1_000_000)
        #expect(submission.folder(in: "/state").pipeline == .fit)
        #expect(try Self.submission("for=bluesky").hasTarget)
    }

    @Test("A pipeline brings the limits of its folder, and parameters override them")
    func limits() throws {
        let plain = try Self.submission("pipeline=shop")
        #expect(plain.base?.name == "shop" && plain.sidecar == nil)
        #expect(plain.limits.byteLimit == 200_000 && plain.limits.maximumSide == 900)
        #expect(plain.policy.format == .jpeg)
        let other = try Self.submission("max-side=300&pipeline=shop&format=png")
        #expect(other.limits.byteLimit == 200_000 && other.limits.maximumSide == 300)
        #expect(other.policy.format == .png)
        #expect(plain.folder(in: "/state").maximumAttempts == 9)
    }

    @Test("A submission takes the pipeline of its folder, and neither inbox, outbox nor name")
    func place() throws {
        let folder = try Self.submission("pipeline=art").folder(in: "/state")
        #expect(folder.name == SubmissionFolder.name)
        #expect(folder.pipeline.stages == [.fit, .generate])
        #expect(folder.generation?.account == "main")
        #expect(folder.inbox == "/state/submissions/inbox" && folder.outbox == "/state/submissions/results")
        #expect(folder.source == .delete && folder.priority == .interactive)
    }

    @Test("Parameters of a generation take the place of the folder's")
    func generation() throws {
        let text =
            "pipeline=art&prompt=a+red+house&negative-prompt=fog&model=turbo&size=512x512&n=2&seed=7&format=png"
            + "&timeout=90&options=%7B%22quality%22%3A%22high%22%7D&max-side=640"
        let submission = try Self.submission(text)
        let sidecar = try #require(submission.sidecar)
        #expect(sidecar.prompt == "a red house" && sidecar.negativePrompt == "fog" && sidecar.model == "turbo")
        #expect(sidecar.size == "512x512" && sidecar.count == 2 && sidecar.seed == 7 && sidecar.format == "png")
        #expect(sidecar.timeout == 90 && sidecar.options?["quality"]?.text == "high")
        // The format is the result's, not that of what the provider is given.
        #expect(submission.limits.maximumSide == 640 && submission.policy.format == FitPolicy().format)
        let options = try submission.options(submission.folder(in: "/state"), accounts: [])
        #expect(options.generation?.prompt == "a red house" && options.generation?.count == 2)
        #expect(options.generation?.parameters["quality"] == .text("high"))
    }

    @Test(
        "What a pipeline does not take is told by name",
        arguments: [
            ("pipeline=shp", "'shp' is the name of no folder of the configuration; did you mean 'shop'?"),
            ("pipeline=unlike-any-name", "known are shop, raw, art"), ("pipeline=shop&pipeline=art", "more than once"),
            ("pipeline=raw&limit=1MB", "'limit': is about a fit, and the pipeline 'raw' has none; leave it out"),
            ("pipeline=shop&prompt=x", "'prompt' is no parameter"), ("prompt=x", "'prompt' is no parameter"),
            ("pipelin=shop", "Did you mean 'pipeline'?"), ("pipeline=art&promt=x", "Did you mean 'prompt'?"),
            ("pipeline=art&n=two", "'n': is no whole number"), ("pipeline=art&seed=-1", "'seed': is no whole number"),
            ("pipeline=art&options=high", "'options': is no JSON object"),
            ("pipeline=art&options=%5B%5D", "no JSON object"),
            ("pipeline=art&prompt=a&prompt=b", "'prompt': is given more than once"),
            ("pipeline=art&limit=-1", "'limit'"),
        ])
    func faults(text: String, words: String) throws {
        let fault = try Self.fault(text)
        #expect(fault.status == .badRequest)
        #expect(fault.message.contains(words), "\(fault.message)")
    }

    @Test("Without configured folders a pipeline is refused, and the remedy is to leave it out")
    func noFolders() throws {
        let fault = try #require(throws: ServiceError.self) { try JobOrder([("pipeline", "shop")], among: []) }
        #expect(fault.message.hasSuffix("no folder is configured here; leave the parameter out"))
    }
}
