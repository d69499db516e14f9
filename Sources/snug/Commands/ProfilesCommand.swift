// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugPipeline
import SnugSystem

/// `snug profiles`.
struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles",
        abstract: "Lists the limits of named APIs: the names that 'snug fit --for' takes.",
        discussion: """
            Services change their limits. 'documented' was read in the vendor's own documentation, SDK or server, \
            'second_hand' is from reports, 'unsure' is contradictory or not stated.

            Examples:
              snug profiles
              snug profiles bluesky
              snug profiles --json | jq 'select(.certainty == "documented") | .name'
            """)

    @Argument(
        help: ArgumentHelp("Profiles to show in full. (default: a table of all)", valueName: "name"),
        completion: .list(TargetProfile.all.map(\.name)), transform: ArgumentParsing.profile)
    var names: [TargetProfile] = []

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each profile.")
    var json = false

    func run() throws {
        let profiles = names.isEmpty ? TargetProfile.all : names
        let output = OutputStream.standardOutput
        if json {
            for profile in profiles { output.writeLine(profile.json.description) }
        } else if names.isEmpty {
            output.write(Self.table(of: profiles, columns: output.layoutColumns))
        } else {
            output.write(profiles.map { $0.text(columns: output.layoutColumns) }.joined(separator: "\n"))
        }
        try output.checkDelivered()
    }

    /// All profiles, a line each.
    static func table(of profiles: [TargetProfile], columns: Int? = nil) -> String {
        var table = TextTable(alignments: [.left, .right, .left, .right, .right, .left, .left])
        table.append(["name", "bytes", "counted as", "max side", "max pixels", "certainty", "read"])
        for profile in profiles {
            table.append([
                profile.name, profile.statedBytes.map { ByteCount($0).description } ?? "not stated",
                profile.counting.words, profile.limits.maximumSide.map(String.init) ?? "",
                profile.limits.maximumPixelCount.map(String.init) ?? "", profile.certainty.words, profile.sourceDate,
            ])
        }
        return table.text(columns: columns, optional: [6, 4, 3, 2, 5])
    }
}

extension TargetProfile.Counting {
    fileprivate var words: String {
        switch self {
        case .raw: "file"
        case .base64: "base64 text"
        case .request: "request"
        case .requestBase64: "request, base64"
        }
    }
}

extension TargetProfile.Certainty {
    fileprivate var words: String {
        switch self {
        case .documented: "documented"
        case .secondHand: "second-hand"
        case .unsure: "unsure"
        }
    }
}

extension TargetProfile {
    /// Everything about a profile, for a person.
    fileprivate func text(columns: Int?) -> String {
        var table = TextTable(alignments: [.left, .left, .left])
        func row(_ name: String, _ value: String) { table.append(["", name, value]) }
        row("limit", statedBytes.map { "\($0) bytes, counted as \(counting.words)" } ?? "not stated")
        row("file", "at most \(limits.fileByteLimit) bytes")
        if let side = limits.maximumSide { row("longer side", "at most \(side) pixels") }
        if let side = limits.minimumSide { row("shorter side", "at least \(side) pixels") }
        if let pixels = limits.maximumPixelCount { row("pixels", "at most \(pixels)") }
        row("takes", ImageFormat.allCases.filter(acceptedFormats.contains).map(\.description).joined(separator: ", "))
        row(
            "snug writes",
            ImageFormat.allCases.filter(limits.formats.intersection(ImageFormat.writable).contains).map(\.description)
                .joined(separator: ", "))
        if let images = limits.maximumImagesPerRequest { row("a request", "at most \(images) images") }
        row("certainty", certainty.words)
        row("source", "\(source), read on \(sourceDate)")
        if let sourceLink { row("link", sourceLink) }
        if !notes.isEmpty { row("notes", notes) }
        return "\(name): \(title)\n" + table.text(columns: columns)
    }
}
