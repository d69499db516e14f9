// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SnugPipeline
import SnugSystem
import SystemPackage

/// The request.
struct GenerateRequestOptions: ParsableArguments {
    @Argument(help: "The description of the image, or '-' to read it from standard input.")
    var prompt: String?

    @Option(help: "The model; 'snug models' lists them. (default: the provider's)")
    var model: String?

    @Option(
        help: ArgumentHelp("A model to ask when the one before has no capacity; may be repeated.", valueName: "model"))
    var fallbackModel: [String] = []

    @Option(
        help: ArgumentHelp("Width and height in pixels, such as 1024x768.", valueName: "WxH"),
        transform: ArgumentParsing.imageSize)
    var size: ImageSize?

    @Option(
        name: [.customShort("n"), .long],
        help: ArgumentHelp("Images, 1 to 100. (default: 1)", valueName: "n"), transform: ArgumentParsing.positive)
    var count = 1

    @Option(
        help: ArgumentHelp(
            "An image to start from, fitted to what the provider takes; may be repeated.", valueName: "file|url"))
    var image: [ImageArgument] = []

    @Option(
        help: ArgumentHelp(
            "openai: a PNG of the first image's size, transparent where the image may change.", valueName: "file"))
    var mask: ImageArgument?

    @Option(help: "A number that makes an image repeatable, where the model supports it.")
    var seed: Int?

    @Option(help: "png, jpeg or webp. (default: the provider's)", completion: .list(["png", "jpeg", "webp"]))
    var format: String?

    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter of the provider's own; may be repeated.", valueName: "name=value"),
        transform: ParameterArgument.init(parsing:))
    var parameters: [ParameterArgument] = []

    @Option(help: ArgumentHelp("openai: keep this many unfinished images on the way, 0 to 3.", valueName: "n"))
    var partialImages = 0

    /// The names of the options that are given.
    var options: [String] {
        let all = [
            ("--model", model != nil), ("--fallback-model", !fallbackModel.isEmpty), ("--size", size != nil),
            ("--count", count != 1), ("--image", !image.isEmpty), ("--mask", mask != nil), ("--seed", seed != nil),
            ("--format", format != nil), ("--param", !parameters.isEmpty), ("--partial-images", partialImages != 0),
        ]
        return all.filter(\.1).map(\.0)
    }

    /// The request without its prompt.
    func request() throws -> GenerationRequest {
        GenerationRequest(
            prompt: "", model: model, fallbackModels: fallbackModel, size: size, count: count,
            images: try image.map { try $0.input() }, mask: try mask?.input(), seed: seed, format: format,
            partialImages: partialImages,
            parameters: Dictionary(parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
    }
}

/// The place of images.
struct GenerateOutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "A folder, or a file's name that ends in the extension of an image: the image gets that format. (default: this "
                + "folder, named by the prompt)",
            valueName: "path"))
    var output: OutputArgument?

    @Flag(help: "Replace images that are already there. (default: the new one gets a number)")
    var overwrite = false

    @Flag(help: "Generate other images although those of the same command are there.")
    var again = false

    @Option(
        help: ArgumentHelp(
            "elumenta: the host of local images: pollinations (anybody who knows the address can see them), or the address "
                + "of an S3 bucket.", valueName: "host"), completion: .list(["pollinations", "s3://"]))
    var host: ImageHostArgument?

    /// The names of the given options about places and their images.
    var places: [String] {
        [("--output", output != nil), ("--overwrite", overwrite), ("--again", again)].filter(\.1).map(\.0)
    }
}

/// Limits and reporting of a run.
struct GenerateRunningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Maximum time for one prompt. (default: 900)", valueName: "seconds"),
        transform: ArgumentParsing.seconds)
    var timeout = Duration.seconds(900)

    @Option(
        help: ArgumentHelp("Maximum submissions of one prompt; 1 never retries. (default: 4)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxAttempts = 4

    @Option(
        help: ArgumentHelp(
            "Maximum submissions in a s, min, hour or day; may be repeated.", valueName: "n/min"),
        transform: ArgumentParsing.rateLimit)
    var rateLimit: [RateLimit] = []

    @Option(
        help: ArgumentHelp("Maximum submissions of this account at once, in all processes.", valueName: "n"),
        transform: ArgumentParsing.positive)
    var concurrency: Int?

    @Flag(help: "elumenta: submit lost jobs again that the provider does not list. They may be paid for twice.")
    var repeatLost = false

    @Option(
        help: ArgumentHelp(
            "One JSON object a line instead of PROMPT; '-' for standard input. A second run generates what is missing.",
            valueName: "file"))
    var batch: PathArgument?

    @Option(
        help: ArgumentHelp("Lines of a batch at once. (default: 4)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var jobs = 4

    @OptionGroup var state: LedgerOptions

    @Flag(help: "Fetch results and images given by address from internal networks too, such as this machine.")
    var allowInternal = false

    @Flag(help: "Show the requests and their cost; nothing is submitted or paid.")
    var dryRun = false

    @Flag(help: "Print one JSON object a line for each prompt.")
    var json = false

    @Flag(name: [.short, .long], help: "Print results and errors only.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Report every step.")
    var verbose = false

    var options: GenerationOptions {
        get throws {
            var options = GenerationOptions()
            options.timeout = timeout
            options.retry.maximumAttempts = maxAttempts
            options.repeatsLost = repeatLost
            options.allowsInternalAddresses = allowInternal
            options.rateLimits = rateLimit
            options.maximumConcurrency = concurrency
            options.spoolDirectory = try state.folder.appending("generations").appending("spool")
            return options
        }
    }
}

/// Commands without a prompt.
struct GenerateHousekeepingOptions: ParsableArguments {
    @Flag(help: "List submissions without a result.")
    var pending = false

    @Option(
        help: ArgumentHelp(
            "Resume a pending submission. A held one is submitted again, and may be paid for a second time.",
            valueName: "id"))
    var retry: [String] = []

    @Option(
        help: ArgumentHelp("Forget a pending submission. Its result is lost.", valueName: "id"))
    var drop: [String] = []

    @Flag(help: "Submit again although the provider asked to wait, or the account had no money left.")
    var unpark = false

    var isUsed: Bool { pending || unpark || !retry.isEmpty || !drop.isEmpty }

    /// Refuses options that would not be followed: a pending submission has its request and its place already.
    func check(
        _ wanted: GenerateRequestOptions, _ output: GenerateOutputOptions, _ running: GenerateRunningOptions
    ) throws {
        if let id = retry.first(where: drop.contains) {
            throw ValidationError(
                "--retry and --drop both name '\(PrintableName.escaped(id))'; choose one of them")
        }
        let decisions = [("--retry", !retry.isEmpty), ("--drop", !drop.isEmpty), ("--unpark", unpark)]
        guard let decision = decisions.first(where: \.1)?.0 else { return }
        if running.dryRun {
            throw ValidationError("\(decision) and --dry-run contradict each other; '--pending' shows what is pending")
        }
        if let option = wanted.options.first ?? output.places.first {
            throw ValidationError(
                "\(option) does not go with \(decision): a pending submission keeps its request and its place")
        }
    }
}
