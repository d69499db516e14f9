// SPDX-License-Identifier: Apache-2.0

/// Why a job is in its state.
public struct JobReason: Sendable, Hashable, Codable {
    /// A stable code in snake_case.
    public var code: String
    /// The reason for a person.
    public var message: String
    /// More of it, as JSON.
    public var details: String?

    /// Gives a reason.
    public init(code: String, message: String, details: String? = nil) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// Code of a job whose paid submission may or may not have taken effect.
    public static let outcomeUnknown = "outcome_unknown"
    /// Code of a job that ended its process too often.
    public static let quarantined = "quarantined"
    /// Code of a job whose worker is gone.
    public static let workerLost = "worker_lost"
    /// Code of a job that a later version of its file took the place of.
    public static let superseded = "superseded"
    /// Code of a job that was handed back unfinished.
    public static let released = "released"
    /// Code of what a person decided.
    public static let byRequest = "by_request"
}
