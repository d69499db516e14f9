// SPDX-License-Identifier: Apache-2.0
import HeapModule

/// Decides when a file is taken: quiet for long enough, and complete.
///
/// A state machine without clock and files: it is told what was seen and when, as time since some start that never runs
/// backwards. Each file that is not taken yet is a candidate with a time for the next look at it.
package struct SettleTracker: Sendable {
    /// The order that follows from a look at a file's state.
    package enum Look: Hashable, Sendable {
        /// It has to be looked at again later.
        case wait
        /// It was quiet for the settle time: its content is to be checked.
        case check
        /// It is gone.
        case gone
    }

    /// The order that follows from a check of its content.
    package enum Decision: Hashable, Sendable {
        case wait
        /// It is to be taken in this version.
        case take(FileVersion)
        /// Its patience is over: it is to be put aside as incomplete, with the reason.
        case giveUp(FileVersion, String)
    }

    private struct Candidate {
        var version: FileVersion
        var looksUnfinished: Bool
        var firstSeen: Duration
        var quietSince: Duration
        /// Looks since the last change that found it incomplete.
        var vainLooks = 0
        /// The reason to wait that a person can see; none while it only has to be quiet.
        var reason: String?
        /// It waits for somebody else, so that there is no telling for how long.
        var isStalled = false
        var nextLook: Duration
        /// Tells the entry of the queue that counts from older ones.
        var ticket = 0
    }

    private struct Appointment: Comparable {
        var time: Duration
        var ticket: Int
        var path: RelativePath

        static func < (left: Appointment, right: Appointment) -> Bool { left.time < right.time }
    }

    private let policy: SettlePolicy
    private var candidates: [RelativePath: Candidate] = [:]
    private var queue = Heap<Appointment>()
    private var now = Duration.zero
    private var lastTicket = 0

    package init(policy: SettlePolicy = SettlePolicy()) { self.policy = policy }

    /// Files that are waited for.
    package var count: Int { candidates.count }

    /// Room for more.
    package var capacity: Int { max(0, policy.maximumCandidates - candidates.count) }

    // MARK: Seeing

    /// Notes a file that a scan or an event showed.
    /// - Parameters:
    ///   - file: Its path and its state.
    ///   - isTouched: An event named the file: then it is not quiet, even where its state is as before.
    ///   - age: The time since its last change, as far as its file system's clock is to be believed. One that lay there for
    ///     long before it was first seen has been quiet for the settle time.
    ///   - time: Now.
    /// - Returns: False when there is no room for it.
    @discardableResult
    package mutating func saw(
        _ file: ScannedFile, isTouched: Bool, age: Duration = .zero, at time: Duration
    ) -> Bool {
        advance(to: time)
        if let known = candidates[file.path] {
            if isTouched || known.version != file.version { restart(file.path, as: file.version) }
            return true
        }
        guard capacity > 0 else { return false }
        let isOld = !isTouched && age >= max(policy.unprovenSettleTime, policy.settleTime)
        let quietSince = isOld ? now - policy.settleTime : now
        candidates[file.path] = Candidate(
            version: file.version, looksUnfinished: WatchRules.nameClass(file.path.name) == .unfinished, firstSeen: now,
            quietSince: quietSince, nextLook: now)
        schedule(file.path, at: quietSince + policy.settleTime)
        return true
    }

    /// Forgets a file: it is gone, or taken.
    package mutating func forget(_ path: RelativePath) { candidates[path] = nil }

    // MARK: Looking

    /// The time of the next look; `nil` without candidates.
    package mutating func nextLook() -> Duration? {
        dropStaleAppointments()
        return queue.min?.time
    }

    /// Candidates that are to be looked at now. Each has to be followed by ``looked(at:version:at:)``.
    package mutating func due(at time: Duration, limit: Int) -> [RelativePath] {
        advance(to: time)
        var paths: [RelativePath] = []
        while paths.count < limit {
            dropStaleAppointments()
            guard let next = queue.min, next.time <= now else { break }
            queue.removeMin()
            paths.append(next.path)
        }
        return paths
    }

    /// Notes what a look at a candidate's state showed.
    package mutating func looked(at path: RelativePath, version: FileVersion?, at time: Duration) -> Look {
        advance(to: time)
        guard let candidate = candidates[path] else { return .gone }
        guard let version else {
            candidates[path] = nil
            return .gone
        }
        guard version == candidate.version else {
            restart(path, as: version)
            return .wait
        }
        let settled = candidate.quietSince + policy.settleTime
        if now >= settled { return .check }
        schedule(path, at: settled)
        return .wait
    }

    /// Notes what a check of a candidate's content showed.
    package mutating func checked(_ path: RelativePath, _ completeness: Completeness, at time: Duration) -> Decision {
        advance(to: time)
        guard let candidate = candidates[path] else { return .wait }
        switch completeness {
        case .complete where !candidate.looksUnfinished: return take(path, after: policy.settleTime, "")
        case .complete:
            candidates[path]?.isStalled = true
            return take(path, after: policy.suspiciousSettleTime, "has a name as if it was unfinished")
        case .suspicious(let reason):
            candidates[path]?.isStalled = true
            return take(path, after: policy.suspiciousSettleTime, reason)
        case .unproven(let reason):
            if candidate.looksUnfinished { return postpone(path, reason) }
            return take(path, after: policy.unprovenSettleTime, reason)
        case .incomplete(let reason):
            guard !candidate.looksUnfinished, now >= candidate.quietSince + policy.patience else {
                return postpone(path, reason)
            }
            return .giveUp(candidate.version, reason)
        case .unreadable(let reason): return postpone(path, reason)
        case .changed:
            restart(path, as: candidate.version)
            return .wait
        }
    }

    /// Notes that a file could not be taken, or put aside, for a reason outside it: a full disk, a missing permission.
    package mutating func notTaken(_ path: RelativePath, _ reason: String, at time: Duration) {
        advance(to: time)
        if candidates[path] != nil { _ = postpone(path, reason) }
    }

    /// Notes that a person holds files up: it is looked at often, because that may end at any moment.
    package mutating func held(_ path: RelativePath, _ reason: String, at time: Duration) {
        advance(to: time)
        guard candidates[path] != nil else { return }
        candidates[path]?.isStalled = true
        candidates[path]?.reason = reason
        schedule(path, at: now + max(min(policy.settleTime * 2, .seconds(5)), .milliseconds(10)))
    }

    // MARK: Showing

    /// Files that wait for more than quiet, with the reason.
    package func waiting(limit: Int) -> [(path: RelativePath, reason: String, since: Duration, nextLook: Duration)] {
        var found: [(path: RelativePath, reason: String, since: Duration, nextLook: Duration)] = []
        for (path, candidate) in candidates where found.count < limit {
            guard let reason = candidate.reason else { continue }
            found.append((path, reason, candidate.quietSince, candidate.nextLook))
        }
        return found
    }

    /// Candidates that wait for somebody else: to finish writing, to permit reading.
    package var stalledCount: Int { candidates.values.count { $0.isStalled } }
}

// MARK: Deciding

extension SettleTracker {
    private mutating func take(_ path: RelativePath, after wait: Duration, _ reason: String) -> Decision {
        guard let candidate = candidates[path] else { return .wait }
        let time = candidate.quietSince + max(wait, policy.settleTime)
        if now >= time { return .take(candidate.version) }
        candidates[path]?.reason = reason
        schedule(path, at: time)
        return .wait
    }

    /// Looks again after a while, which grows, and when patience ends.
    private mutating func postpone(_ path: RelativePath, _ reason: String) -> Decision {
        guard let candidate = candidates[path] else { return .wait }
        let doublings = min(candidate.vainLooks, 20)
        let interval = min(policy.settleTime * (1 << doublings), policy.maximumInterval)
        let end = candidate.quietSince + policy.patience
        candidates[path]?.vainLooks += 1
        candidates[path]?.isStalled = true
        candidates[path]?.reason = reason
        // A settle time of zero must not become a busy loop.
        let next = now + max(interval, .milliseconds(10))
        schedule(path, at: end > now ? min(next, end) : next)
        return .wait
    }

    /// Quiet begins again.
    private mutating func restart(_ path: RelativePath, as version: FileVersion) {
        candidates[path]?.version = version
        candidates[path]?.quietSince = now
        candidates[path]?.vainLooks = 0
        candidates[path]?.isStalled = false
        candidates[path]?.reason = nil
        schedule(path, at: now + policy.settleTime)
    }

    private mutating func schedule(_ path: RelativePath, at time: Duration) {
        lastTicket += 1
        candidates[path]?.nextLook = time
        candidates[path]?.ticket = lastTicket
        queue.insert(Appointment(time: time, ticket: lastTicket, path: path))
        // Events that come without end would let the queue grow without end.
        if queue.count > 64 + 4 * candidates.count { rebuildQueue() }
    }

    private mutating func rebuildQueue() {
        queue = Heap(candidates.map { Appointment(time: $1.nextLook, ticket: $1.ticket, path: $0) })
    }

    private mutating func dropStaleAppointments() {
        while let next = queue.min, candidates[next.path]?.ticket != next.ticket { queue.removeMin() }
    }

    /// Time never runs backwards here, whatever a clock does.
    private mutating func advance(to time: Duration) { now = max(now, time) }
}
