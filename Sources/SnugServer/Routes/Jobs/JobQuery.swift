// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugPipeline
import SnugSystem

/// The conditions of a request about jobs.
struct JobQuery: Sendable {
    /// Jobs of one page, at most.
    static let maximumPage = 1000

    static let names = ["state", "folder", "account", "text", "since", "before", "limit"]

    private(set) var filter = JobFilter()

    /// Reads the conditions of an address.
    /// - Throws: `unknown_parameter` with the nearest name, `invalid_parameter`.
    init(_ fields: [(name: String, value: String)], now: LedgerInstant) throws(ServiceError) {
        for (name, value) in fields {
            // Names nothing, and would select everything.
            guard !value.isEmpty || !Self.names.contains(name) else {
                throw .invalidParameter(name, "is empty; give it a value, or leave it out")
            }
            switch name {
            case "state": filter.states = try Self.states(value)
            case "folder": filter.folder = value
            case "account": filter.account = value
            // As names are kept, whether it is typed as the file's name or copied from a listing.
            case "text": filter.text = PathText.encode(PathText.decode(value))
            case "since":
                guard let moment = JobMoment.past(value, now: now) else {
                    throw .invalidParameter("since", "is no moment; write \(JobMoment.examples)")
                }
                filter.since = moment
            case "before":
                guard let id = JobID(value) else { throw .invalidParameter("before", "is no id of a job") }
                filter.before = id
            case "limit":
                guard let limit = Int(value), (1...Self.maximumPage).contains(limit) else {
                    throw .invalidParameter("limit", "is no number from 1 to \(Self.maximumPage)")
                }
                filter.limit = limit
            default: throw .unknownParameter(name, among: Self.names)
            }
        }
    }

    private static func states(_ text: String) throws(ServiceError) -> Set<JobState> {
        var states: Set<JobState> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let state = JobState(rawValue: String(word)) else {
                let names = JobState.allCases.map(\.rawValue)
                let nearest = NearestName.of(String(word), among: names).map { "Did you mean \($0)? " } ?? ""
                throw .invalidParameter(
                    "state",
                    "'\(PrintableName.escaped(String(word.prefix(64))))' is none. \(nearest)Known are "
                        + names.joined(separator: ", "))
            }
            states.insert(state)
        }
        return states
    }
}
