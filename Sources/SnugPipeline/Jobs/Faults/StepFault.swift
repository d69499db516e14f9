// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// The reason why a step did not succeed, and the kind of way on.
struct StepFault: Error, Sendable, Hashable {
    /// The ways on.
    enum Kind: Sendable, Hashable {
        /// Another attempt would end in the same way.
        case definite
        /// Another attempt may succeed.
        case transient
        /// A fault of the surroundings of this job, such as a dead network. It costs no attempt.
        case environmental
        /// A fault of the surroundings that every job of the folder would meet, such as a full disk. It costs no attempt.
        case folderWide
        /// A submission that may or may not have taken effect, or be paid for.
        case unknown
        /// A submission of which the provider could not be asked yet whether it took effect.
        case unresolved
        /// The provider refuses an account for a while.
        case parked(account: String)
        /// A person has to decide.
        case held
        /// A generation that the provider has accepted is not here yet.
        case pending
    }

    var kind: Kind
    var reason: JobReason
    /// The wait that somebody asked for.
    var delay: Duration?
    /// The longest wait of an environmental fault, in seconds.
    var longestWait = 300.0

    init(_ kind: Kind, _ code: String, _ message: String, details: String? = nil, delay: Duration? = nil) {
        self.kind = kind
        reason = JobReason(code: code, message: message, details: details)
        self.delay = delay
    }
}
