// SPDX-License-Identifier: Apache-2.0

/// The image limits of one named API, with their source.
public struct TargetProfile: Sendable, Hashable {
    /// The quantity that an API's byte figure counts.
    public enum Counting: String, Sendable, Hashable, CaseIterable {
        /// The file's own bytes.
        case raw
        /// The length of the base64 text.
        case base64
        /// The body of the whole request, with the file's own bytes in it.
        case request
        /// The body of the whole request, with the image as base64 text in it.
        case requestBase64 = "request_base64"
    }
    /// The reliability of the figures.
    public enum Certainty: String, Sendable, Hashable, CaseIterable {
        /// Read in the vendor's own documentation, SDK or server.
        case documented
        /// From reports and other projects' constants.
        case secondHand = "second_hand"
        /// Contradictory or not stated: try before relying on it.
        case unsure
    }

    /// The name that `--for` takes.
    public var name: String
    /// The API in words.
    public var title: String
    /// The vendor's byte figure, counted as ``counting`` says; `nil` when none is stated.
    public var statedBytes: Int?
    /// The quantity that ``statedBytes`` counts.
    public var counting: Counting
    /// Formats that the API takes, those that Snug cannot write included.
    public var acceptedFormats: Set<ImageFormat>
    /// The limits for one image, ready for a fit.
    ///
    /// When the figure is for the whole request, 65,536 bytes are reserved for prompt and headers.
    public var limits: Limits
    /// The source of the figures.
    public var source: String
    /// The address of the source; `nil` for reports without one.
    public var sourceLink: String?
    /// The day on which the source was read, as in 2026-11-20.
    public var sourceDate: String
    /// The reliability of the figures.
    public var certainty: Certainty
    /// Conditions that the limits do not express; may be empty.
    public var notes: String

    /// Bytes of a limit on the whole request that are reserved for everything but the image.
    public static let requestAllowance = 65_536

    /// The profile with a name, whatever its case.
    public static func named(_ name: String) -> TargetProfile? {
        let wanted = name.lowercased()
        return all.first { $0.name == wanted }
    }

    /// Names close to one that is unknown, nearest first.
    public static func names(near name: String) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(64))
        let ranked = all.compactMap { profile -> (distance: Int, name: String)? in
            let candidate = Array(profile.name.utf8)
            let distance = editDistance(wanted, candidate)
            let isPart =
                wanted.count >= 3 && (profile.name.contains(name.lowercased()) || candidate.starts(with: wanted))
            return isPart || distance <= max(2, wanted.count / 3) ? (isPart ? 0 : distance, profile.name) : nil
        }
        return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(5).map(\.name)
    }

    /// Every profile, generation APIs first, then vision, then places to publish.
    public static let all: [TargetProfile] = (generation + vision).map(\.requiringSRGB) + publishing

    /// The profile of an API that reads pixels and no colour profile.
    private var requiringSRGB: TargetProfile {
        var profile = self
        profile.limits.requiresSRGB = true
        return profile
    }

    /// Levenshtein's distance.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substitution = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, diagonal + 1, row[j] + 1)
            }
        }
        return row[right.count]
    }
}

extension TargetProfile {
    /// The limits of a table entry besides bytes.
    struct Geometry {
        var maximumSide: Int?
        var minimumSide: Int?
        var maximumPixelCount: Int?
        var images: Int?
    }

    /// One entry of the table.
    init(
        _ name: String, _ title: String, bytes: Int?, _ counting: Counting = .raw, _ geometry: Geometry = Geometry(),
        formats: Set<ImageFormat> = [.jpeg, .png, .webp], source: String, link: String? = nil,
        date: String = "2026-11-20", _ certainty: Certainty, notes: String = ""
    ) {
        self.name = name
        self.title = title
        statedBytes = bytes
        self.counting = counting
        acceptedFormats = formats
        self.source = source
        sourceLink = link
        sourceDate = date
        self.certainty = certainty
        self.notes = notes
        let isRequest = counting == .request || counting == .requestBase64
        let isText = counting == .base64 || counting == .requestBase64
        let stated = bytes ?? Limits().byteLimit
        limits = Limits(
            byteLimit: isRequest ? stated - Self.requestAllowance : stated,
            counting: isText ? .base64 : .raw,
            maximumSide: geometry.maximumSide,
            minimumSide: geometry.minimumSide,
            maximumPixelCount: geometry.maximumPixelCount,
            formats: formats.intersection(ImageFormat.deliverable),
            maximumImagesPerRequest: geometry.images)
    }
}
