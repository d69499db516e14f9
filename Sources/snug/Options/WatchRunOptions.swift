// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

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
        name: [.short, .long],
        help: ArgumentHelp("Images fitted at once. (default: the number of cores)", valueName: "n"))
    var jobs: String?

    @Option(help: ArgumentHelp("Memory for all images at once. (default: half of the machine's)", valueName: "size"))
    var memory: String?

    @Flag(
        inversion: .prefixedNo,
        help:
            "Handle every image in a process without files and network, where a fault of a codec costs that image only; on by default."
    )
    var isolate: Bool?

    @Option(
        help: ArgumentHelp("Time that work in progress gets to finish when stopped. (default: 30s)", valueName: "time"))
    var drainTime: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical. (default: info)", valueName: "level"),
        completion: .list(["trace", "debug", "info", "notice", "warning", "error", "critical"]))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "text or json; given, logs take the place of the live lines on a terminal. (default: text)",
            valueName: "name"), completion: .list(["text", "json"]))
    var logFormat: String?

    @Flag(help: "Allow http without TLS to other machines.")
    var allowPlainHTTP = false

    @Option(help: ArgumentHelp("A PEM file with a certificate authority of your own.", valueName: "file"))
    var cacert: String?

    @Flag(help: "With --once and --check-config: print JSON objects, one a line.")
    var json = false

    var given: [(key: String, values: [String], option: String)] {
        Self.one("workers.fits", jobs, "--jobs") + Self.one("memory", memory, "--memory")
            + Self.one("isolate", isolate.map { "\($0)" }, isolate == false ? "--no-isolate" : "--isolate")
            + Self.one("drain_time", drainTime, "--drain-time") + Self.one("log.level", logLevel, "--log-level")
            + Self.one("log.format", logFormat, "--log-format")
            + Self.one("network.allow_plain_http", allowPlainHTTP ? "true" : nil, "--allow-plain-http")
            + Self.one("network.cacert", cacert, "--cacert")
    }
}
