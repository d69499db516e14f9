// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugUpload
import SystemPackage

/// Two options of `snug fit` or `snug upload` that contradict each other: the one on the command line wins over the configured one.
struct OptionConflict {
    private let given: String
    private let configured: String
    /// True when the values contradict each other. Flags have none.
    private let contradict: @Sendable (_ given: String, _ configured: String) -> Bool

    private init(
        _ given: String, _ configured: String, when contradict: @escaping @Sendable (String, String) -> Bool
    ) {
        self.given = given
        self.configured = configured
        self.contradict = contradict
    }

    /// The settings that options on the command line contradict, and those that say nothing without them.
    static func losers(
        among settings: [CommandSetting], against given: GivenOptions, of command: String
    ) -> Set<String> {
        var losers: Set<String> = []
        for conflict in command == "upload" ? uploads : all where given.names.contains(conflict.given) {
            guard let setting = settings.first(where: { $0.option == conflict.configured }) else { continue }
            let value = given.values[conflict.given] ?? ""
            if conflict.contradict(value, setting.values.joined(separator: ",")) { losers.insert(setting.option) }
        }
        return losers.union(losers.flatMap { dependents[$0] ?? [] })
    }

    /// Options that are about another one.
    private static let dependents = ["size": ["crop", "pad"], "lossless": ["min-saving"]]

    private static let all =
        mutual
        + mutual.map { conflict in
            OptionConflict(conflict.configured, conflict.given) { conflict.contradict($1, $0) }
        } + [
            // A file's name says its format. Without it there would be no output.
            OptionConflict("output", "format") { !isFormat($1, of: OutputArgument(argument: $0)) }
        ]
        // Limits hold for --lossless, too, where they are the configured ones.
        + ["max-side", "short-side", "max-width", "max-height", "max-pixels"].map { name in
            OptionConflict(name, "lossless") { _, _ in true }
        }

    /// Options of an upload that the protocol on the command line has no use for.
    private static let uploads = UploadDestinationOptions.protocolOptions.map { option, protocols in
        OptionConflict("protocol", option) { name, _ in !protocols.map(\.rawValue).contains(name) }
    }

    /// Conflicts in which either option may be the configured one.
    private static let mutual: [OptionConflict] = [
        OptionConflict("size", "lossless") { _, _ in true },
        OptionConflict("size", "metadata") { _, kinds in isMetadata(kinds, otherThan: .strip) },
        OptionConflict("size", "max-side") { exceeds($0, $1, ArgumentParsing.pixels) { max($0.width, $0.height) } },
        OptionConflict("size", "short-side") { exceeds($0, $1, ArgumentParsing.pixels) { min($0.width, $0.height) } },
        OptionConflict("size", "max-width") { exceeds($0, $1, ArgumentParsing.pixels, \.width) },
        OptionConflict("size", "max-height") { exceeds($0, $1, ArgumentParsing.pixels, \.height) },
        OptionConflict("size", "max-pixels") {
            exceeds($0, $1, ArgumentParsing.pixelCount) { frame in
                let (count, overflows) = frame.width.multipliedReportingOverflow(by: frame.height)
                return overflows ? .max : count
            }
        },
        OptionConflict("lossless", "scale") { _, _ in true },
        OptionConflict("lossless", "to-srgb") { _, _ in true },
        OptionConflict("lossless", "format") { _, format in !["auto", "keep"].contains(format.lowercased()) },
        OptionConflict("lossless", "palette") { _, palette in palette == "always" },
        OptionConflict("palette", "format") { palette, format in
            palette == "always" && !["auto", "png", "keep"].contains(format.lowercased())
        },
        OptionConflict("palette", "dither") { palette, dither in palette == "never" && dither != "auto" },
        OptionConflict("quality-floor", "quality-ceiling") { floor, ceiling in
            guard let floor = Int(floor), let ceiling = Int(ceiling) else { return false }
            return floor > ceiling
        },
        OptionConflict("min-bytes", "limit") { minimum, limit in
            guard let minimum = try? ArgumentParsing.byteCount(minimum),
                case .bytes(let limit) = try? ArgumentParsing.byteLimit(limit)
            else { return false }
            return minimum.bytes > limit.bytes
        },
        OptionConflict("copy-compliant", "metadata") { _, kinds in isMetadata(kinds, otherThan: .keep) },
    ]

    // MARK: Values

    // Wrong values contradict nothing here: they are refused when they are parsed.

    private static func isMetadata(_ text: String, otherThan selection: FitPolicy.Metadata) -> Bool {
        guard let metadata = try? ArgumentParsing.metadata(text) else { return false }
        return metadata != selection
    }

    private static func exceeds(
        _ size: String, _ limit: String, _ parse: (String) throws -> Int, _ measure: (ExactFrame) -> Int
    ) -> Bool {
        guard let frame = try? ArgumentParsing.exactSize(size), let limit = try? parse(limit) else { return false }
        return measure(frame) > limit
    }

    /// True unless the output is a file with a name of another format.
    private static func isFormat(_ format: String, of output: OutputArgument) -> Bool {
        guard output.namesFile, output.namesImage, let format = try? ArgumentParsing.format(format),
            let named = output.path.extension.flatMap({ try? ArgumentParsing.format($0) })
        else { return true }
        return [.automatic, .keep, named].contains(format)
    }
}
