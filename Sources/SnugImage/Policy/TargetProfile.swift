// SPDX-License-Identifier: Apache-2.0

/// What one named API accepts of an image, and where that is said.
public struct TargetProfile: Sendable, Hashable {
    /// What an API's byte figure is a count of.
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
    /// How well the figures are known.
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
    /// What ``statedBytes`` counts.
    public var counting: Counting
    /// Formats that the API takes, those that Snug cannot write included.
    public var acceptedFormats: Set<ImageFormat>
    /// The limits for one image, ready for a fit.
    ///
    /// Where the figure is of the whole request, 65,536 bytes are left for prompt and headers.
    public var limits: Limits
    /// Where the figures are from.
    public var source: String
    /// How well the figures are known.
    public var certainty: Certainty
    /// What the limits cannot say; empty when there is nothing.
    public var notes: String

    /// Bytes that a request-counted limit leaves for everything but the image.
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
    public static let all: [TargetProfile] = generation + vision + publishing

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
    /// What an entry of the table says besides bytes.
    struct Geometry {
        var maximumSide: Int?
        var minimumSide: Int?
        var maximumPixelCount: Int?
        var images: Int?
    }

    /// One entry of the table.
    init(
        _ name: String, _ title: String, bytes: Int?, _ counting: Counting = .raw, _ geometry: Geometry = Geometry(),
        formats: Set<ImageFormat> = [.jpeg, .png, .webp], source: String, _ certainty: Certainty, notes: String = ""
    ) {
        self.name = name
        self.title = title
        statedBytes = bytes
        self.counting = counting
        acceptedFormats = formats
        self.source = source
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
            formats: formats.intersection([.jpeg, .png]),
            maximumImagesPerRequest: geometry.images)
    }
}
