// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// What the documentation promises about jobs, written down once more without a store: states, the doubt about a submission,
/// and counts. It shares nothing with the ledger's own decisions.
struct LedgerModel {
    struct Entry {
        var state = JobState.waiting
        var step: JobStep
        var isUnknown = false
        /// The kind of the effect that is under way.
        var effect: StepIntent.Repetition?
        var isCancelRequested = false
    }

    private(set) var entries: [JobID: Entry] = [:]
    private(set) var seen = 0
    private(set) var joined = 0
    private(set) var pruned: [JobState: Int] = [:]

    /// Jobs by state, forgotten ones included.
    var states: [JobState: Int] {
        entries.values.reduce(into: pruned) { $0[$1.state, default: 0] += 1 }
    }

    mutating func enqueued(_ result: EnqueuedJob, isNewName: Bool) {
        if result.isNew {
            entries[result.job.id] = Entry(step: result.job.step)
            seen += 1
        } else if isNewName {
            joined += 1
            change(result.job.id) { entry in
                if entry.state == .delivered { (entry.state, entry.step) = (.waiting, .deliver) }
            }
        }
    }

    mutating func claimed(_ id: JobID) { change(id) { $0.state = .running } }

    mutating func intended(_ id: JobID, _ effect: StepIntent.Repetition) { change(id) { $0.effect = effect } }

    /// A worker stopped in the middle.
    mutating func interrupted(_ id: JobID) {
        change(id) { entry in
            if let effect = entry.effect, effect != .safe { entry.doubt(effect) } else { entry.wait() }
            entry.leave()
        }
    }

    mutating func ended(_ id: JobID, _ outcome: StepOutcome, isComplete: Bool) {
        change(id) { entry in
            switch outcome {
            case .advanced(let next, _):
                entry.isUnknown = false
                entry.step = next
                entry.wait()
            case .identified(_, let next):
                entry.step = next
                entry.wait()
            case .delivered:
                if isComplete {
                    entry.state = .delivered
                } else {
                    entry.step = .deliver
                    entry.wait()
                }
            case .retry: entry.wait()
            case .failed: (entry.state, entry.isUnknown) = (.failed, false)
            case .held: entry.state = .held
            case .unknown:
                if entry.effect == .safe { entry.wait() } else { entry.doubt(entry.effect ?? .never) }
            }
            entry.leave()
        }
    }

    /// - Returns: True when the state allows it.
    mutating func resolved(_ id: JobID, _ resolution: JobResolution) -> Bool {
        guard let entry = entries[id] else { return false }
        switch (resolution, entry.state) {
        case (.retry, .failed), (.retry, .held), (.retry, .cancelled):
            guard !entry.isUnknown || entry.step == .reconcile else { return false }
            change(id) { $0.state = .waiting }
        case (.payAgain, .held), (.payAgain, .cancelled):
            guard entry.isUnknown else { return false }
            change(id) { ($0.state, $0.step, $0.isUnknown) = (.waiting, .submit, false) }
        case (.drop, .held), (.drop, .failed): change(id) { $0.state = .cancelled }
        case (.cancel, .waiting), (.cancel, .paused), (.cancel, .held), (.cancel, .failed):
            change(id) { $0.state = .cancelled }
        case (.cancel, .running):
            guard !entry.isCancelRequested else { return false }
            change(id) { $0.isCancelRequested = true }
        case (.pause, .waiting): change(id) { $0.state = .paused }
        case (.unpause, .paused): change(id) { $0.state = .waiting }
        default: return false
        }
        return true
    }

    mutating func forgotten(_ ids: Set<JobID>) {
        for id in ids {
            guard let state = entries.removeValue(forKey: id)?.state else { continue }
            pruned[state, default: 0] += 1
        }
    }

    private mutating func change(_ id: JobID, _ body: (inout Entry) -> Void) {
        guard var entry = entries[id] else { return }
        body(&entry)
        entries[id] = entry
    }
}

extension LedgerModel.Entry {
    fileprivate mutating func wait() {
        state = isCancelRequested ? (isUnknown ? .held : .cancelled) : .waiting
    }

    fileprivate mutating func doubt(_ effect: StepIntent.Repetition) {
        isUnknown = true
        if effect == .reconcile { step = .reconcile }
        // Whom nobody can ask, and whom nobody wants any more, waits for a person.
        state = effect == .reconcile && !isCancelRequested ? .waiting : .held
    }

    fileprivate mutating func leave() { (effect, isCancelRequested) = (nil, false) }
}
