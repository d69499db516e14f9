// SPDX-License-Identifier: Apache-2.0

/// The course of a generation.
///
/// Only Elumenta is polled; the others answer at once, so that pending polls, ``Outcome/neverEnds`` and
/// ``Outcome/unknownWord(word:)`` mean nothing to them.
public struct JobPlan: Sendable, Hashable {
    /// The provider's final report.
    public enum Outcome: Sendable, Hashable, Codable {
        /// An image.
        case completed
        /// A failure with this text.
        case failed(text: String)
        /// A status word that no documentation has, in place of `pending`, before the image.
        case unknownWord(word: String)
        /// No end: every poll says pending.
        case neverEnds
    }

    /// The bytes of the result.
    public enum Image: String, Sendable, Hashable, Codable {
        /// The image in the format that was asked for.
        case asAsked
        /// An image of another format than was asked for, labelled as asked.
        case wrongFormat
        /// The first half of an image.
        case truncated
        /// An HTML page.
        case html
        /// A JSON error.
        case json
        /// No bytes.
        case empty
    }

    /// The form of Elumenta's job identifiers.
    public enum Identifier: String, Sendable, Hashable, Codable {
        /// 18491, as on current pages.
        case integer
        /// `"gen_18491"`, as on older pages.
        case prefixed
    }

    /// Polls answered `pending` before the outcome shows; 0 settles it in the first response.
    public var pendingPolls: Int
    /// The provider's final report.
    public var outcome: Outcome
    /// The form of Elumenta's identifiers.
    public var identifier: Identifier
    /// The bytes of the result.
    public var image: Image
    /// Bytes of ballast in the image, for results of a size that takes time.
    public var padding: Int
    /// Seconds for which a result URL works; `nil` for ever. Each poll hands out a new URL.
    public var urlLifetime: Int?
    /// Redirects before the result.
    public var redirects: Int
    /// True when the download host honours `Range`.
    public var acceptsRanges: Bool
    /// Milliseconds that the generation takes; a client that goes away does not stop it.
    public var duration: Int
    /// The form of a streamed response.
    public var stream: StreamPlan

    /// A plan; by default an image at once.
    public init(
        pendingPolls: Int = 0, outcome: Outcome = .completed, identifier: Identifier = .integer,
        image: Image = .asAsked, padding: Int = 0, urlLifetime: Int? = nil, redirects: Int = 0,
        acceptsRanges: Bool = true,
        duration: Int = 0, stream: StreamPlan = StreamPlan()
    ) {
        self.pendingPolls = pendingPolls
        self.outcome = outcome
        self.identifier = identifier
        self.image = image
        self.padding = padding
        self.urlLifetime = urlLifetime
        self.redirects = redirects
        self.acceptsRanges = acceptsRanges
        self.duration = duration
        self.stream = stream
    }
}

extension JobPlan: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case pendingPolls, outcome, identifier, padding, urlLifetime, redirects, acceptsRanges, duration, stream
        // The key that fault scripts use.
        case image = "picture"
    }

    /// From JSON; every member may be left out, unknown ones are refused.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownMembers(besides: CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            pendingPolls: try values.decodeIfPresent(Int.self, forKey: .pendingPolls) ?? 0,
            outcome: try values.decodeIfPresent(Outcome.self, forKey: .outcome) ?? .completed,
            identifier: try values.decodeIfPresent(Identifier.self, forKey: .identifier) ?? .integer,
            image: try values.decodeIfPresent(Image.self, forKey: .image) ?? .asAsked,
            padding: try values.decodeIfPresent(Int.self, forKey: .padding) ?? 0,
            urlLifetime: try values.decodeIfPresent(Int.self, forKey: .urlLifetime),
            redirects: try values.decodeIfPresent(Int.self, forKey: .redirects) ?? 0,
            acceptsRanges: try values.decodeIfPresent(Bool.self, forKey: .acceptsRanges) ?? true,
            duration: try values.decodeIfPresent(Int.self, forKey: .duration) ?? 0,
            stream: try values.decodeIfPresent(StreamPlan.self, forKey: .stream) ?? StreamPlan())
    }
}

/// The form of server-sent events: each switch is legal in the format and trips some parser.
public struct StreamPlan: Sendable, Hashable {
    /// Ends the stream before the completed event.
    public var cutsBeforeCompleted: Bool
    /// Comment lines between events.
    public var comments: Bool
    /// Each event's JSON over several `data:` lines.
    public var multilineData: Bool
    /// Writes that end in the middle of a UTF-8 character.
    public var splitsCharacters: Bool
    /// Lines that end in CR LF.
    public var carriageReturns: Bool

    /// A plan; by default plain events.
    public init(
        cutsBeforeCompleted: Bool = false, comments: Bool = false, multilineData: Bool = false,
        splitsCharacters: Bool = false, carriageReturns: Bool = false
    ) {
        self.cutsBeforeCompleted = cutsBeforeCompleted
        self.comments = comments
        self.multilineData = multilineData
        self.splitsCharacters = splitsCharacters
        self.carriageReturns = carriageReturns
    }
}

extension StreamPlan: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case cutsBeforeCompleted, comments, multilineData, splitsCharacters, carriageReturns
    }

    /// From JSON; every member may be left out, unknown ones are refused.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownMembers(besides: CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func flag(_ key: CodingKeys) throws -> Bool { try values.decodeIfPresent(Bool.self, forKey: key) ?? false }
        self.init(
            cutsBeforeCompleted: try flag(.cutsBeforeCompleted), comments: try flag(.comments),
            multilineData: try flag(.multilineData), splitsCharacters: try flag(.splitsCharacters),
            carriageReturns: try flag(.carriageReturns))
    }
}
