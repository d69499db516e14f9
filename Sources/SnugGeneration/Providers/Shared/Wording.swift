// SPDX-License-Identifier: Apache-2.0

/// Meanings of the texts that providers fail with. They spell the same in many ways (`content_policy`, `Content policy`),
/// so capitals, blanks, hyphens and underscores do not count.
struct Wording: Sendable {
    private let folded: String
    private let words: Set<Substring>

    /// All texts that say something about one failure.
    init(_ texts: String?...) {
        let texts = texts.compactMap { $0?.lowercased() }
        folded = texts.map { text in
            String(text.unicodeScalars.filter { !Self.separators.contains($0) })
        }.joined(separator: "\n")
        words = Set(texts.flatMap { $0.split { !$0.isLetter && !$0.isNumber } })
    }

    private static let separators: Set<Unicode.Scalar> = [" ", "-", "_", "\t", "\u{A0}"]

    /// The provider will not make this image.
    var isPolicy: Bool { says(Self.policy) }
    /// The provider has too much to do at the moment.
    var isCapacity: Bool { says(Self.capacity) || words.contains("503") }
    /// The model took too long and was stopped.
    var isTimeout: Bool { says(Self.timeout) }
    /// Too many requests of ours.
    var isRateLimit: Bool { says(["ratelimit", "toomanyrequests", "quotaexceeded"]) }
    /// More of ours at once than the account may have.
    var isConcurrency: Bool { says(["concurren"]) }
    /// CostEstimate or a quota that does not come back by waiting.
    var isPayment: Bool { says(Self.payment) }
    /// An image that was sent has too many bytes or pixels.
    var isImageSize: Bool {
        let thing = says(["image", "file", "payload", "requestbody", "requestentity", "contentlength", "megapixel"])
        return thing && says(Self.excess) && !says(["prompt", "invalidsize", "unsupportedsize", "outputsize"])
    }
    /// The key was used by an earlier request.
    var isUsedKey: Bool { says(["idempotency"]) }
    /// An address of the API is not there.
    var isRoute: Bool { says(["invalidurl", "route", "endpoint", "cannotpost", "cannotget"]) }

    private func says(_ phrases: [String]) -> Bool { phrases.contains { folded.contains($0) } }

    private static let policy = [
        "contentpolicy", "policyviolation", "usagepolic", "safetyfilter", "safetysystem", "safetypolic",
        "contentfilter", "contentblocked", "contentmoderation", "moderationblocked", "prohibitedcontent", "nsfw",
        "blockedbysafety", "responsibleai", "contentrefus", "blockedbymoderation", "flaggedbymoderation",
        "safetyviolation", "contentviolation", "unsafecontent", "inappropriatecontent", "sensitivecontent",
    ]
    private static let capacity = [
        "overload", "serviceunavailable", "modelunavailable", "temporarilyunavailable", "nocapacity", "atcapacity",
        "capacityexceeded", "outofcapacity",
    ]
    private static let timeout = ["timeout", "timedout", "deadlineexceeded"]
    private static let payment = [
        "insufficientquota", "insufficienttokens", "insufficientbalance", "insufficientfunds", "insufficientcredit",
        "billinghardlimit", "billingnotactive", "exceededyourcurrentquota", "paymentrequired",
    ]
    private static let excess = [
        "exceed", "toolarge", "toobig", "maximum", "maxsize", "maxallowed", "largerthan", "mustbelessthan", "overlimit",
    ]
}

extension Wording {
    /// The values that a complaint lists as the right ones: `…; valid: a, b`, `Supported values are: 'a', 'b'.`
    static func listed(in text: String) -> [String] {
        let lowered = text.lowercased()
        // Lowercasing may change how many characters there are; then nothing can be cut out by position.
        guard lowered.count == text.count else { return [] }
        let marks = ["valid:", "valid sizes:", "valid values:", "available:", "available models:", "are:", "one of:"]
        let ends = marks.compactMap { lowered.firstRange(of: $0)?.upperBound }
        guard let end = ends.min() else { return [] }
        let list = text.dropFirst(lowered.distance(from: lowered.startIndex, to: end))
        return list.split { $0 == "," || $0 == ";" || $0 == "\n" }.prefix(50).map { item in
            String(item).trimming { $0.isWhitespace || "'\"`.[]()".contains($0) }
        }.filter { !$0.isEmpty && !$0.contains(" ") }
    }
}

extension String {
    /// Without such characters at both ends.
    func trimming(_ isMargin: (Character) -> Bool) -> String {
        let start = drop(while: isMargin)
        return String(start.reversed().drop(while: isMargin).reversed())
    }
}
