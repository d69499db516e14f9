// SPDX-License-Identifier: Apache-2.0

/// The name of a job: 26 digits and small letters that sort by the time at which the job was first seen.
public struct JobID: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// The id's text.
    public let description: String

    init(trusted text: String) { description = text }

    /// Takes an id from outside; `nil` for text that is none.
    public init?(_ text: String) {
        guard LedgerIDGenerator.isID(text) else { return nil }
        description = text
    }

    /// Decodes the text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard LedgerIDGenerator.isID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no id of a job"))
        }
        description = text
    }

    /// Encodes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Orders ids by time.
    public static func < (left: JobID, right: JobID) -> Bool { left.description < right.description }
}
