// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem

/// The settings of the stage that fits, named like the options of `snug fit`.
enum FitSettings {
    static let all: [Setting<WatchFolder>] = [
        // First, because the others override it.
        Setting("fit.for", show: \.targetName) { folder, text throws(SettingFault) in
            guard let profile = TargetProfile.named(text.text) else {
                let near = TargetProfile.names(near: text.text)
                throw SettingFault(
                    "no profile is named '\(PrintableName.escaped(text.text))'. "
                        + (near.isEmpty ? "" : "Did you mean \(near.joined(separator: ", "))? ")
                        + "'snug profiles' lists all")
            }
            folder.limits = profile.limits
            folder.hasTarget = true
            folder.targetName = profile.name
        },
        Setting("fit.limit", show: { SettingFormat.exactSize($0.limits.byteLimit) }) {
            folder, text throws(SettingFault) in
            folder.limits.byteLimit = try SettingFormat<Int>.size.parse(text)
            folder.limits.counting = .raw
        },
        Setting("fit.base64", show: { String($0.limits.counting == .base64) }) { folder, text throws(SettingFault) in
            folder.limits.counting = try SettingFormat<Bool>.flag.parse(text) ? .base64 : .raw
        },
        Setting("fit.max_side", \.limits.maximumSide, .count),
        Setting("fit.max_pixels", \.limits.maximumPixelCount, .count),
        Setting("fit.format", show: { $0.policy.format.rawValue }) { folder, text throws(SettingFault) in
            var text = text
            if text.text.lowercased() == "jpg" { text.values = ["jpeg"] }
            folder.policy.format = try SettingFormat<FitPolicy.OutputFormat>.choice.parse(text)
        },
        Setting("fit.strategy", \.policy.strategy, .choice),
        Setting("fit.effort", \.policy.effort, .choice),
        Setting("fit.keep_size", \.policy.keepsSize, .flag),
        Setting("fit.quality_floor", \.policy.qualityFloor, .quality),
        Setting("fit.quality_ceiling", \.policy.qualityCeiling, .quality),
        Setting("fit.chroma", \.policy.chroma, .choice),
        Setting("fit.palette", \.policy.palette, .choice),
        Setting("fit.dither", \.policy.dither, .choice),
        Setting("fit.metadata", show: { $0.policy.metadata.rawValue }) { folder, text throws(SettingFault) in
            guard let metadata = FitPolicy.Metadata(rawValue: text.text) else {
                throw .unknown(text.text, among: ["strip", "keep"] + FitPolicy.Metadata.Kind.allCases.map(\.rawValue))
            }
            folder.policy.metadata = metadata
        },
        Setting("fit.background", show: { $0.policy.background.map(text) }) {
            folder, text throws(SettingFault) in
            do throws(ImageError) { folder.policy.background = try RGBColour(parsing: text.text) } catch {
                throw SettingFault(error.message)
            }
        },
        Setting("fit.page", \.policy.page, .count),
        Setting("fit.salvage", \.policy.recoversPartialImages, .flag),
    ]

    /// The keys that a sidecar has in common with configurations, besides those that it reads itself.
    static let sidecarKeys: [String] = all.map { $0.path[1] }.filter { !ofSidecar.contains($0) }

    private static let ofSidecar: Set = ["for", "limit", "max_side", "format", "strategy", "background"]

    /// Applies a setting of a sidecar.
    static func apply(_ key: String, _ text: String, to folder: inout WatchFolder) throws(SettingFault) {
        for setting in all where setting.path[1] == key {
            try setting.apply(&folder, SettingText(values: [text], folder: folder.inbox))
        }
    }

    private static func text(_ colour: RGBColour) -> String {
        "#" + [colour.red, colour.green, colour.blue].hexadecimal
    }
}
