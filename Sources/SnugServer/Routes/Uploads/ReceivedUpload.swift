// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem

/// An upload that the server receives, as the ledger keeps it.
struct ReceivedUpload: Sendable, Hashable, Codable {
    /// A parameter of a fit.
    struct Field: Sendable, Hashable, Codable {
        var name: String
        var value: String
    }

    /// Its name in the address: nobody can guess it.
    let id: String
    /// Bytes of the whole file; `nil` until the client has told.
    var length: Int?
    /// Bytes that are on the disk for sure.
    var offset = 0
    /// The file's name.
    var name: String
    /// The options of the job that it becomes.
    var fields: [Field]
    /// The metadata as they came.
    var metadata: String?
    /// The job that it has become.
    var job: String?

    var isWhole: Bool { offset == length }
    /// Bytes that are still to come, as far as the client has told.
    var missing: Int { (length ?? offset) - offset }

    init(length: Int?, name: String, fields: [(name: String, value: String)], metadata: String?) {
        var random = SystemRandomNumberGenerator()
        id = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }.hexadecimal
        self.length = length
        self.name = name
        self.fields = fields.map { Field(name: $0.name, value: $0.value) }
        self.metadata = metadata
    }

    /// A record of the ledger; `nil` for one that cannot be read.
    init?(payload: String) {
        guard let record = try? JSONDecoder().decode(Self.self, from: Data(payload.utf8)) else { return nil }
        self = record
    }

    var payload: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// True for text that a name of an upload can be, so that none leads to another place.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
