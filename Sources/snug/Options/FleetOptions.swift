// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugSystem

/// The storage that hosts share, beside their ledger.
struct FleetOptions: ParsableArguments, SettingOptions {
    @OptionGroup var place: StoragePlaceOption

    /// For tests, which do not wait for a minute.
    @Option(help: .hidden, transform: Self.duration) var lease: Duration?

    var given: [(key: String, values: [String], option: String)] { Self.one("storage", place.storage, "--storage") }

    @Sendable private static func duration(_ text: String) throws -> Duration {
        guard let duration = DurationText.parse(text), duration > .zero else {
            throw ValidationError("'\(PrintableName.escaped(text))' is no duration; write \(DurationText.examples)")
        }
        return duration
    }
}

/// The name of a host that has folders.
struct HostOptions: ParsableArguments, SettingOptions {
    @Option(
        help: ArgumentHelp(
            "The name of this host among those that share a ledger, in which a folder is NAME@HOST. (default: the "
                + "machine's, as it was at the first start)", valueName: "name"))
    var host: String?

    var given: [(key: String, values: [String], option: String)] { Self.one("host", host, "--host") }
}
