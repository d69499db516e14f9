// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugPipeline
import SnugSimulator
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Places of images, lines of batches, input images, and plans of what would be paid.
@Suite struct GenerationInputTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: Places

    @Test(
        "A line's place is below the folder of the batch",
        arguments: [
            ("cat", "", "cat"), ("cat.png", "", "cat"), ("a/b/cat.JPG", "a/b", "cat"), ("a/", "a", "the-prompt"),
            ("there", "there", "the-prompt"), ("there/cat", "there", "cat"), ("cat.v2", "", "cat.v2"),
            ("ü/猫.webp", "ü", "猫"), (".png", "", ".png"),
        ])
    func places(name: String, below: String, expected: String) throws {
        try folder.write([1], to: "there/x")
        let place = try ImageNaming.destination(name, below: folder.path, prompt: "The prompt", replaces: true)
        #expect(place.folder == (below.isEmpty ? folder.path : folder.path.pushing(FilePath(below))))
        #expect(place.name == expected && place.replaces)
    }

    @Test(
        "A place outside that folder, or with a name that no file can have, is refused",
        arguments: [
            "/etc/cat", "../cat", "a/../../cat", "a/..", "", ".", "./cat", "-", "a/-", "a\0b",
            String(repeating: "x", count: 221),
        ])
    func refusedPlaces(name: String) {
        let error = #expect(throws: GenerationError.self) {
            try ImageNaming.destination(name, below: folder.path, prompt: "p", replaces: false)
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test("A path is a folder where there is one or it is written as one, else the name of the image")
    func destinations() throws {
        try folder.write([1], to: "there/x")
        func place(_ name: String, isFolder: Bool = false) throws -> ImageDestination {
            try ImageNaming.destination(
                folder.path.appending(name), isFolder: isFolder, prompt: "A cat", replaces: false)
        }
        #expect(try place("there") == ImageDestination(folder: folder.path.appending("there"), name: "a-cat"))
        #expect(
            try place("new", isFolder: true) == ImageDestination(folder: folder.path.appending("new"), name: "a-cat"))
        #expect(try place("new.png") == ImageDestination(folder: folder.path, name: "new", fileExtension: "png"))
        #expect(try ImageNaming.destination(nil, prompt: "A cat", replaces: true).name == "a-cat")
        #expect(try ImageNaming.destination(nil, prompt: "", replaces: true).folder == FileSystem.currentFolder())
        let broken = FilePath(bytes: Array("/x/".utf8) + [0xFF])
        let error = #expect(throws: GenerationError.self) {
            try ImageNaming.destination(broken, prompt: "", replaces: false)
        }
        #expect(error?.message.contains("\\xff is no name for an image; give one in UTF-8") == true)
        let long = FilePath("/x/" + String(repeating: "é", count: 111))
        #expect(throws: GenerationError.self) { try ImageNaming.destination(long, prompt: "", replaces: false) }
    }

    @Test(
        "A prompt of anything is a name that a file can have, without what a shell or terminal takes for more",
        arguments: 0..<20)
    func slugs(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let scalars: [UnicodeScalar] = [
            "a", "Z", "7", " ", "'", "/", "\0", "\u{1B}", ".", "-", "ß", "İ", "猫", "\u{301}", "🐈", "\u{202E}", "\n",
            "؟", "क", "\u{94D}",
        ]
        for _ in 0..<50 {
            var prompt = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                prompt.append(scalars.randomElement(using: &random) ?? "a")
            }
            let name = ImageNaming.slug(String(prompt))
            #expect(!name.isEmpty && name.utf8.count <= ImageNaming.maximumSlugBytes)
            #expect(!name.hasPrefix("-") && !name.hasSuffix("-") && !name.contains("--") && !name.hasPrefix("."))
            #expect(
                name.unicodeScalars.allSatisfy {
                    $0 == "-" || $0.properties.isAlphabetic || $0.properties.numericType != nil
                        || [.nonspacingMark, .spacingMark].contains($0.properties.generalCategory)
                })
        }
    }

    // MARK: Lines

    private func batch(_ text: String) -> BatchFile {
        BatchFile(text, defaults: GenerationRequest(prompt: "")) { _ in }
    }

    @Test("Parameters of a line go beside the defaults', and null takes one away")
    func parameters() throws {
        let defaults = GenerationRequest(prompt: "", parameters: ["quality": .text("low"), "steps": .integer(4)])
        let batch = BatchFile(
            #"{"prompt": "a", "parameters": {"quality": null, "cfg": 2.5}, "partial_images": 2, "mask": "/m.png"}"#,
            defaults: defaults
        ) { _ in }
        let request = try #require(batch.lines.first?.request)
        #expect(request.parameters == ["steps": .integer(4), "cfg": .number(2.5)])
        #expect(request.partialImages == 2 && request.mask == .file("/m.png"))
    }

    @Test("Every member of the wrong kind is named, and a thousand faulty lines stop none that is right")
    func faults() {
        let wrong =
            #"{"prompt": 1, "model": 2, "size": 3, "n": "4", "images": 5, "mask": 6, "seed": [], "format": {}, "output": 7}"#
        let message = batch(wrong).faults.first?.message ?? ""
        for key in ["prompt", "model", "size", "n", "images", "mask", "seed", "format", "output"] {
            #expect(message.contains("\(key) has to be"), "\(key): \(message)")
        }
        let many = batch(String(repeating: "nonsense\n", count: 1000) + "{\"prompt\":\"a\"}")
        #expect(many.faults.count == 1000 && many.lines.map(\.number) == [1001])
    }

    // MARK: Images

    @Test("A mask without transparency is refused with the remedy, and its image is named")
    func opaqueMask() async throws {
        let fitter = GenerationImageFitter(for: try .openAI(), maximumConcurrency: 1)
        let limits = InputLimits(byteLimit: 100_000, mediaTypes: ["image/png"])
        let error = try await #require(throws: ImageError.self) {
            _ = try await fitter.fit(.bytes(PNGBuilder(colourType: 2).bytes, name: "my mask.png"), limits)
        }
        #expect(
            error.code == .invalidArgument && error.message.hasPrefix("my mask: has no transparency; make the areas"))
    }

    @Test(
        "Of a provider's limits and those that it named, the narrower hold",
        arguments: [(20_000, 5_000), (3_000, 50_000)])
    func narrower(first: Int, second: Int) async throws {
        let fitter = GenerationImageFitter(for: try .openAI(), maximumConcurrency: 1)
        let samples = (0..<256 * 256).map { UInt8(truncatingIfNeeded: $0 * $0 / 31) }
        let bytes = JPEGReference.encode([.init(width: 256, height: 256, samples: samples)], quality: 95)
        for limit in [first, second] {
            let fitted = try await fitter.fit(
                .bytes(bytes, name: "a"), InputLimits(byteLimit: limit, mediaTypes: ["image/jpeg"]))
            #expect(fitted.bytes.count <= limit && fitted.bytes.starts(with: [0xFF, 0xD8]))
            let plane = try #require(JPEGReference.plane(0, of: fitted.bytes))
            #expect(fitted.size == ImageSize(width: plane.width, height: plane.height))
        }
    }

    /// A RIFF file of WebP whose header says so many bytes (RFC 9649 §2.4).
    private static func webP(stated: Int, count: Int) -> [UInt8] {
        let size = (0..<4).map { UInt8(truncatingIfNeeded: stated >> (8 * $0)) }
        // VP8X of 16 × 16 pixels, then an empty chunk as long as it takes.
        let frame = Array("VP8X".utf8) + [10, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 15, 0, 0]
        let file = Array("RIFF".utf8) + size + Array("WEBP".utf8) + frame
        return file + [UInt8](repeating: 0, count: max(0, count - file.count))
    }

    @Test("A result in a format that is not decoded here is whole when its own header says so")
    func webP() async throws {
        let fitter = GenerationImageFitter(for: try .openAI(), maximumConcurrency: 1)
        let whole = try folder.write(Self.webP(stated: 192, count: 200), to: "whole")
        let facts = try? await fitter.check(whole)
        // Where WebP is decoded, this is no image, whatever its length is.
        if let facts { #expect(facts.mediaType == "image/webp" && facts.size == ImageSize(width: 16, height: 16)) }
        let cut = try folder.write(Self.webP(stated: 1_000, count: 200), to: "cut")
        await #expect(throws: ImageError.self) { _ = try await fitter.check(cut) }
        let pdf = try folder.write(Array("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF".utf8), to: "pdf")
        await #expect(throws: ImageError.self) { _ = try await fitter.check(pdf) }
        let empty = try folder.write([], to: "empty")
        await #expect(throws: ImageError.self) { _ = try await fitter.check(empty) }
    }

    // MARK: Plans

    private func dryRun(_ simulator: Simulator, isBatch: Bool) throws -> GenerationDryRun {
        let provider = try Provider.pollinations(baseURL: simulator.addresses.base[.pollinations] ?? "")
        let client = GenerationClient(
            provider: provider, credentials: .key(Secret("sk_paid")), http: try makeClient(),
            images: GenerationImageFitter(for: provider, maximumConcurrency: 1), logger: quietLogger, metrics: noMetrics
        )
        return GenerationDryRun(client: client, provider: provider, isBatch: isBatch)
    }

    private func work(_ prompt: String, count: Int = 1, model: String? = nil) -> GenerationWork {
        GenerationWork(
            request: GenerationRequest(prompt: prompt, model: model, count: count),
            destination: ImageDestination(folder: folder.path, name: "x"), name: prompt)
    }

    @Test("A plan has every request's end, the cost of all, and submits none", arguments: [true, false])
    func plans(isBatch: Bool) async throws {
        try await withSimulator { simulator in
            let ends = Mutex<[String]>([])
            let works = [work("one", count: 2), work(" "), work("two")]
            let estimate = try await dryRun(simulator, isBatch: isBatch).run(works) { work, result in
                ends.withLock { ends in
                    switch result {
                    case .success(let plan): ends.append("\(work.request.prompt) \(plan.submissions)")
                    case .failure(let error): ends.append("\(work.request.prompt) \(error.code)")
                    }
                }
            }
            #expect(ends.withLock { $0 } == ["one 2", "  invalid_request", "two 1"])
            #expect(estimate.submissions == 3 && estimate.failed == 1 && !estimate.isPossible)
            #expect(simulator.ledger.entries.isEmpty && folder.files().isEmpty)
            #expect(simulator.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("A batch asks for prices and balance once, and where they are unknown it says so")
    func unknownPrices() async throws {
        try await withSimulator { simulator in
            simulator.script(Rule(Fault(answer: .status(code: 403)), service: .pollinations, times: nil))
            let estimate = try await dryRun(simulator, isBatch: true).run([work("one"), work("two")]) { _, _ in }
            #expect(estimate.cost == nil && estimate.balance == nil && estimate.isPossible)
            #expect(estimate.warnings.count == 2 && estimate.warnings[0].hasPrefix("prices are unknown: "))
            #expect(estimate.warnings[1].hasPrefix("the balance is unknown: "))
            // A list of models, and a balance: for two prompts as for one.
            #expect(simulator.requests.count == 2)
        }
    }

    @Test(
        "A balance is too small when the least cost exceeds it",
        arguments: [(1.0...2.0, 1.0, false), (1.0...2.0, 0.99, true), (0...0, 0, false), (nil, 0, false)]
            as [(ClosedRange<Double>?, Double, Bool)])
    func balances(cost: ClosedRange<Double>?, amount: Double, exceeds: Bool) {
        let estimate = GenerationEstimate(cost: cost, balance: AccountBalance(amount: amount, unit: "pollen"))
        #expect(estimate.exceedsBalance == exceeds && estimate.isPossible == !exceeds)
        #expect(!GenerationEstimate(cost: cost, balance: nil).exceedsBalance)
    }
}
