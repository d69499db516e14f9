// SPDX-License-Identifier: Apache-2.0

extension FitPolicy {
    /// The metadata that outputs keep.
    public struct Metadata: RawRepresentable, CaseIterable, Sendable, Hashable, Codable {
        /// A kind of metadata.
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            /// Positions, in EXIF and in XMP.
            case gps
            /// EXIF, without positions and copyright.
            case exif
            /// XMP packets, without positions.
            case xmp
            /// IPTC records.
            case iptc
            /// The colour profile; the pixels then stay in its colour space.
            case icc
            /// JPEG comments and PNG text.
            case comment
            /// Artist and copyright in EXIF, author and copyright in PNG text.
            case copyright
        }

        /// The kinds that are kept.
        public var kinds: Set<Kind>

        /// Keeps some kinds.
        public init(kinds: Set<Kind>) { self.kinds = kinds }

        /// Keeps nothing.
        public static let strip = Metadata(kinds: [])
        /// Keeps every kind.
        public static let keep = Metadata(kinds: Set(Kind.allCases))
        /// Nothing and everything.
        public static let allCases: [Metadata] = [.strip, .keep]

        /// Reads `strip`, `keep`, kinds to keep (`exif,icc`), or kinds to drop (`no-gps`, `keep,no-gps`).
        public init?(rawValue: String) {
            let words = rawValue.lowercased().split(separator: ",", omittingEmptySubsequences: false).map {
                $0.filter { $0 != " " }
            }
            guard let first = words.first else { return nil }
            kinds = first == "keep" || first.hasPrefix("no-") ? Self.keep.kinds : []
            let rest = first == "keep" || first == "strip" ? words.dropFirst() : words[...]
            for word in rest {
                let isDropped = word.hasPrefix("no-")
                guard let kind = Kind(rawValue: String(isDropped ? word.dropFirst(3) : word[...])) else { return nil }
                if isDropped { kinds.remove(kind) } else { kinds.insert(kind) }
            }
        }

        /// The selection as ``init(rawValue:)`` reads it.
        public var rawValue: String {
            if kinds.isEmpty { return "strip" }
            if kinds.count == Kind.allCases.count { return "keep" }
            return Kind.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ",")
        }

        // RawRepresentable's own would go by the text.

        /// Compares the kinds.
        public static func == (left: Metadata, right: Metadata) -> Bool { left.kinds == right.kinds }

        /// Hashes the kinds.
        public func hash(into hasher: inout Hasher) { hasher.combine(kinds) }

        /// True for a kind that is kept.
        public func keeps(_ kind: Kind) -> Bool { kinds.contains(kind) }
    }
}
