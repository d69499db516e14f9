// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugSystem

/// The conditions and the range of a request for a file.
struct ConditionalRequest: Sendable {
    /// The response that they lead to.
    enum Selection: Sendable, Hashable {
        case whole
        case part(Range<Int>)
        case notModified, preconditionFailed, rangeNotSatisfiable
    }

    private let fields: HTTPFields
    private let isGet: Bool

    /// - Parameter method: GET, or HEAD, which has no ranges (RFC 9110 §14.2).
    init(_ method: HTTPRequest.Method, _ fields: HTTPFields) {
        self.fields = fields
        isGet = method == .get
    }

    /// Evaluates the conditions in the order of RFC 9110 §13.2.2.
    func selection(of length: Int, _ file: Validators) -> Selection {
        if let match = fields[.ifMatch] {
            guard EntityTags(match).nameStrongly(file.tag) else { return .preconditionFailed }
        } else if let moment = fields[.ifUnmodifiedSince].flatMap(HTTPDate.parse), file.modified > moment {
            return .preconditionFailed
        }
        if let none = fields[.ifNoneMatch] {
            if EntityTags(none).name(file.tag) { return .notModified }
        } else if let moment = fields[.ifModifiedSince].flatMap(HTTPDate.parse), file.modified <= moment {
            return .notModified
        }
        guard isGet, let range = fields[.range].flatMap({ ByteRange($0) }), rangeIsOf(file) else { return .whole }
        return range.bytes(of: length).map { .part($0) } ?? .rangeNotSatisfiable
    }

    /// True unless `If-Range` is about another file: then the rest of that one would be joined to this one (§13.1.5).
    private func rangeIsOf(_ file: Validators) -> Bool {
        guard let text = fields[.ifRange] else { return true }
        // A result is put in its place once and never written again: its date is as good as its tag.
        return text.hasPrefix("\"") ? text == file.tag : HTTPDate.parse(text) == file.modified
    }
}
