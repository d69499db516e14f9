// SPDX-License-Identifier: Apache-2.0

/// The work that a pause stops.
public enum PauseScope: Sendable, Hashable, Codable {
    /// Everything.
    case all
    /// Jobs of a folder.
    case folder(String)
    /// Jobs of an account.
    case account(String)
    /// One step of all jobs.
    case step(JobStep)
}

/// A pause or a parked account: why jobs that are due do not start.
public struct LedgerHold: Sendable, Hashable, Codable {
    /// Its origin.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// A person's pause.
        case pause
        /// A provider's limit on an account: no money, or too many requests. It holds up submissions only, because results
        /// that are paid for may expire.
        case park
    }

    /// Its origin.
    public var kind: Kind
    /// The work that it stops.
    public var scope: PauseScope
    /// When it ends by itself; `nil` until lifted.
    public var until: LedgerInstant?
    /// Why.
    public var reason: JobReason
    /// When it began.
    public var since: LedgerInstant

    /// True when it holds up a step of a job now.
    public func holds(folder: String, account: String, step: JobStep, now: LedgerInstant) -> Bool {
        if let until, until <= now { return false }
        if kind == .park, step != .submit { return false }
        return switch scope {
        case .all: true
        case .folder(let name): name == folder
        case .account(let name): name == account
        case .step(let held): held == step
        }
    }
}
