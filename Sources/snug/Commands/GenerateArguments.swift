// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugGeneration
import SnugHTTP
import SystemPackage

/// What is to be made.
struct GenerateRequestOptions: ParsableArguments {
    @Argument(help: "What the image shows, or '-' to read it from standard input.")
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
        name: [.customShort("n"), .customLong("count")],
        help: ArgumentHelp("Images, 1 to 100. (default: 1)", valueName: "n"), transform: ArgumentParsing.positive)
    var count = 1

    @Option(
        help: ArgumentHelp(
            "An image to start from, fitted to what the provider takes; may be repeated.", valueName: "file|url"))
    var image: [ImageArgument] = []

    @Option(
        help: ArgumentHelp(
            "openai: a PNG of the first image's size, transparent where it may change.", valueName: "file"))
    var mask: ImageArgument?

    @Option(help: "Makes an image repeatable, where the model can.")
    var seed: Int?

    @Option(help: "png, jpeg or webp. (default: the provider's)")
    var format: String?

    @Option(
        name: .customLong("param"),
        help: ArgumentHelp("A parameter of the provider's own; may be repeated.", valueName: "name=value"),
        transform: ParameterArgument.init(parsing:))
    var parameters: [ParameterArgument] = []

    @Option(help: ArgumentHelp("openai: keep so many unfinished images on the way, 0 to 3.", valueName: "n"))
    var partialImages = 0

    /// The request, for a prompt to be filled in.
    func request() throws -> GenerationRequest {
        GenerationRequest(
            prompt: "", model: model, fallbackModels: fallbackModel, size: size, count: count,
            images: try image.map { try $0.input() }, mask: try mask?.input(), seed: seed, format: format,
            partialImages: partialImages,
            parameters: Dictionary(parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { _, last in last }))
    }
}

/// Where images go.
struct GenerateOutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "A folder, or a file's name, whose extension is the image's. (default: this folder, named by the prompt)",
            valueName: "path"))
    var output: OutputArgument?

    @Flag(help: "Replace images that are there; else the new one gets a number.")
    var overwrite = false

    @Option(
        help: ArgumentHelp(
            "elumenta: where local images are put for it: pollinations (anybody who knows the address can see them), or "
                + "an S3 bucket's address.", valueName: "host"))
    var host: ImageHostArgument?
}

/// How it is gone about.
struct GenerateRunningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The longest that one prompt may take. (default: 900)", valueName: "seconds"),
        transform: ArgumentParsing.seconds)
    var timeout = Duration.seconds(900)

    @Option(
        help: ArgumentHelp("Submissions of one prompt; 1 never repeats anything. (default: 4)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var maxAttempts = 4

    @Option(
        help: ArgumentHelp(
            "So many submissions at most in a s, min, hour or day; may be repeated.", valueName: "n/min"),
        transform: ArgumentParsing.rateLimit)
    var rateLimit: [RateLimit] = []

    @Option(
        help: ArgumentHelp("Submissions of this account at once, over all processes.", valueName: "n"),
        transform: ArgumentParsing.positive)
    var concurrency: Int?

    @Flag(help: "elumenta: send again what was lost and is in no list. It may be paid for twice.")
    var repeatLost = false

    @Option(
        help: ArgumentHelp(
            "One JSON object a line instead of PROMPT; '-' for standard input. A second run does what is missing.",
            valueName: "file"))
    var batch: PathArgument?

    @Option(
        help: ArgumentHelp("Lines of a batch at once. (default: 4)", valueName: "n"),
        transform: ArgumentParsing.positive)
    var jobs = 4

    @Option(
        help: ArgumentHelp(
            "Where is kept what was sent. (default: snug/generations in the state directory)", valueName: "dir"))
    var stateDirectory: PathArgument?

    @Flag(help: "Say what would be sent and what it would cost; nothing is sent or paid.")
    var dryRun = false

    @Flag(help: "Print one JSON object a line for each prompt.")
    var json = false

    @Flag(name: [.short, .long], help: "Print results and errors only.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Tell of every step.")
    var verbose = false

    /// Where journal, limits and what was learnt are kept.
    var directory: FilePath { StateDirectory.path(stateDirectory, part: "generations") }

    var options: GenerationOptions {
        get throws {
            var options = GenerationOptions()
            options.timeout = timeout
            options.retry.maximumAttempts = maxAttempts
            options.repeatsLost = repeatLost
            options.rateLimits = rateLimit
            options.maximumConcurrency = concurrency
            options.stateDirectory = try WorkingFolder.absolute(directory)
            options.spoolDirectory = options.stateDirectory?.appending("spool")
            return options
        }
    }
}

/// What else can be done.
struct GenerateHousekeepingOptions: ParsableArguments {
    @Flag(help: "List what was sent and is not settled.")
    var pending = false

    @Option(
        help: ArgumentHelp(
            "Go on with something pending. What is held is sent again, and may be paid for a second time.",
            valueName: "id"))
    var retry: [String] = []

    @Option(
        help: ArgumentHelp("Forget something pending. What the provider makes of it is lost.", valueName: "id"))
    var drop: [String] = []

    var isUsed: Bool { pending || !retry.isEmpty || !drop.isEmpty }
}
