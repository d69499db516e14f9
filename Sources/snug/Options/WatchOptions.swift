// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// A group of options that are settings of the configuration: their text is read by its code.
protocol SettingOptions {
    /// Those that were given: the key below the folder or account, the values, the option.
    var given: [(key: String, values: [String], option: String)] { get }
}

extension SettingOptions {
    /// An option with one value.
    static func one(_ key: String, _ value: String?, _ option: String) -> [(key: String, values: [String], option: String)] {
        value.map { [(key, [$0], option)] } ?? []
    }

    /// An option that may be given several times.
    static func many(
        _ key: String, _ values: [String], _ option: String
    ) -> [(key: String, values: [String], option: String)] {
        values.isEmpty ? [] : [(key, values, option)]
    }
}

/// The folder and its rules.
struct WatchFolderOptions: ParsableArguments, SettingOptions {
    @Argument(help: ArgumentHelp("The folder that files are dropped into.", valueName: "dir"), completion: .directory)
    var inbox: PathArgument?

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder for results, created when missing.", valueName: "dir"),
        completion: .directory)
    var output: PathArgument?

    @Option(
        help: ArgumentHelp("A short name for the ledger, logs and metrics. (default: the folder's own)", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("What happens to a source that is done: move, delete or leave. (default: move)", valueName: "rule"),
        completion: .list(["move", "delete", "leave"]))
    var source: String?

    @Option(
        help: ArgumentHelp("The folder for sources that are done. (default: done beside the inbox)", valueName: "dir"),
        completion: .directory)
    var done: String?

    @Option(
        help: ArgumentHelp("The folder for sources that failed. (default: failed beside the inbox)", valueName: "dir"),
        completion: .directory)
    var failed: String?

    @Option(
        help: ArgumentHelp("Quiet time before a complete file is taken. (default: 2s)", valueName: "time"))
    var settle: String?

    @Option(
        help: ArgumentHelp("Quiet time before an incomplete file is given up. (default: 1h)", valueName: "time"))
    var patience: String?

    @Flag(help: "Look at the folder regularly instead of waiting for events.")
    var polling = false

    @Flag(help: "Do not watch subfolders.")
    var noRecursive = false

    var given: [(key: String, values: [String], option: String)] {
        Self.one("source", source, "--source") + Self.one("done", done, "--done")
            + Self.one("failed", failed, "--failed") + Self.one("settle", settle, "--settle")
            + Self.one("patience", patience, "--patience")
            + Self.one("polling", polling ? "true" : nil, "--polling")
            + Self.one("recursive", noRecursive ? "false" : nil, "--no-recursive")
    }
}

/// The limits of fitted images, by the names that `snug fit` has.
struct WatchFitOptions: ParsableArguments, SettingOptions {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Limits of a named API; 'snug profiles' lists them.", valueName: "profile"),
        completion: .list(TargetProfile.all.map(\.name)))
    var profile: String?

    @Option(help: ArgumentHelp("Maximum bytes of a result. (default: 10MB)", valueName: "size"))
    var limit: String?

    @Flag(help: "Count the limit in characters of base64 text.")
    var base64 = false

    @Option(help: ArgumentHelp("Maximum pixels of the longer side.", valueName: "px"))
    var maxSide: String?

    @Option(help: ArgumentHelp("Maximum pixels in all.", valueName: "n"))
    var maxPixels: String?

    @Option(
        help: ArgumentHelp("auto, jpeg, png or keep. (default: auto)", valueName: "format"),
        completion: .list(["auto", "jpeg", "png", "keep"]))
    var format: String?

    @Option(help: ArgumentHelp("best or stepped. (default: best)", valueName: "name"))
    var strategy: String?

    @Option(help: ArgumentHelp("default or fast.", valueName: "name"))
    var effort: String?

    @Flag(help: "Never give up pixels to reach the limit of bytes.")
    var keepSize = false

    @Option(help: ArgumentHelp("Lowest JPEG quality. (default: 50)", valueName: "q"))
    var qualityFloor: String?

    @Option(help: ArgumentHelp("Highest JPEG quality.", valueName: "q"))
    var qualityCeiling: String?

    @Option(help: ArgumentHelp("auto, 4:2:0 or 4:4:4. (default: auto)", valueName: "chroma"))
    var chroma: String?

    @Option(help: ArgumentHelp("strip or keep. (default: strip)", valueName: "rule"))
    var metadata: String?

    @Option(help: ArgumentHelp("Flatten transparent images onto a colour.", valueName: "colour"))
    var background: String?

    @Flag(help: "Recover partial images from damaged files.")
    var salvage = false

    var given: [(key: String, values: [String], option: String)] {
        let texts =
            Self.one("fit.for", profile, "--for") + Self.one("fit.limit", limit, "--limit")
            + Self.one("fit.max_side", maxSide, "--max-side") + Self.one("fit.max_pixels", maxPixels, "--max-pixels")
            + Self.one("fit.format", format, "--format") + Self.one("fit.strategy", strategy, "--strategy")
            + Self.one("fit.effort", effort, "--effort")
        let more =
            Self.one("fit.quality_floor", qualityFloor, "--quality-floor")
            + Self.one("fit.quality_ceiling", qualityCeiling, "--quality-ceiling")
            + Self.one("fit.chroma", chroma, "--chroma") + Self.one("fit.metadata", metadata, "--metadata")
            + Self.one("fit.background", background, "--background")
        let flags =
            Self.one("fit.base64", base64 ? "true" : nil, "--base64")
            + Self.one("fit.keep_size", keepSize ? "true" : nil, "--keep-size")
            + Self.one("fit.salvage", salvage ? "true" : nil, "--salvage")
        return texts + more + flags
    }
}

/// The upload and the generation of each image.
struct WatchStageOptions: ParsableArguments, SettingOptions {
    @Option(help: ArgumentHelp("Upload each image to this server.", valueName: "url"))
    var to: String?

    @Option(
        name: .customLong("protocol"),
        help: ArgumentHelp(
            "auto (asks the server), tus, resumable, s3, ranged-put, put or form. (default: auto)", valueName: "name"))
    var uploadProtocol: String?

    @Option(
        help: ArgumentHelp(
            "A header for every upload, 'Name: value'; a secret as 'Name: ${env:VARIABLE}' or 'Name: ${file:PATH}'.",
            valueName: "header"))
    var header: [String] = []

    @Option(
        help: ArgumentHelp(
            "Generate an image from each at pollinations, elumenta or openai; the key comes from the provider's variable.",
            valueName: "provider"),
        completion: .list(["pollinations", "elumenta", "openai"]))
    var generate: String?

    @Option(help: ArgumentHelp("The prompt of every image that brings none in NAME.json beside it.", valueName: "text"))
    var prompt: String?

    @Option(help: ArgumentHelp("The model. (default: the provider's)", valueName: "name"))
    var model: String?

    @Option(help: ArgumentHelp("The size of generated images, such as 1024x768.", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("The address of the provider's API.", valueName: "url"))
    var baseURL: String?

    @Option(help: ArgumentHelp("A file with the provider's key in its first line.", valueName: "file"))
    var keyFile: String?

    /// The name of the account that the options make.
    static let account = "main"

    var given: [(key: String, values: [String], option: String)] {
        Self.one("upload.to", to, "--to") + Self.one("upload.protocol", uploadProtocol, "--protocol")
            + Self.many("upload.headers", header, "--header")
            + Self.one("generate.account", generate == nil ? nil : Self.account, "--generate")
            + Self.one("generate.prompt", prompt, "--prompt") + Self.one("generate.model", model, "--model")
            + Self.one("generate.size", size, "--size")
    }

    /// The settings of the account.
    var givenOfAccount: [(key: String, values: [String], option: String)] {
        Self.one("provider", generate, "--generate") + Self.one("base_url", baseURL, "--base-url")
            + Self.one("key_file", keyFile, "--key-file")
    }
}

/// The daemon as a whole.
struct WatchRunOptions: ParsableArguments, SettingOptions {
    @Option(
        help: ArgumentHelp(
            "A file with folders, accounts and all other settings; options and SNUG_… variables win over it.",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: PathArgument?

    @Flag(help: "Print the settings in force and where each came from, and run nothing.")
    var checkConfig = false

    @Flag(help: "Process what is there now, and end.")
    var once = false

    @Option(
        name: [.short, .long], help: ArgumentHelp("Images fitted at once. (default: the number of cores)", valueName: "n"))
    var jobs: String?

    @Option(help: ArgumentHelp("Memory for all images at once. (default: half of the machine's)", valueName: "size"))
    var memory: String?

    @Option(
        help: ArgumentHelp("Time that work in progress gets to finish when stopped. (default: 30s)", valueName: "time"))
    var drainTime: String?

    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "text or json; given, logs take the place of the live lines on a terminal. (default: text)", valueName: "name"))
    var logFormat: String?

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: ArgumentHelp("A PEM file with a certificate authority of your own.", valueName: "file"))
    var cacert: String?

    @Flag(help: "With --once and --check-config: print JSON objects, one a line.")
    var json = false

    var given: [(key: String, values: [String], option: String)] {
        Self.one("workers.fits", jobs, "--jobs") + Self.one("memory", memory, "--memory")
            + Self.one("drain_time", drainTime, "--drain-time") + Self.one("log.level", logLevel, "--log-level")
            + Self.one("log.format", logFormat, "--log-format")
            + Self.one("network.allow_plain_http", allowPlainHTTP ? "true" : nil, "--allow-plain-http")
            + Self.one("network.cacert", cacert, "--cacert")
    }
}
