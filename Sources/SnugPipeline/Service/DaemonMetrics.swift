// SPDX-License-Identifier: Apache-2.0
public import Metrics
import SnugImage
import SnugLedger
import Synchronization

/// The metrics of a daemon: every queue, state, outcome, wait and byte.
///
/// Names begin with `snug_`; labels are folders, accounts and steps of the configuration, states, and the stable codes of
/// errors.
public final class DaemonMetrics: Sendable {
    private struct State {
        /// Steps that run, and waits for the next step, by job.
        var steps: [JobID: (step: JobStep, since: ContinuousClock.Instant)] = [:]
        var waits: [JobID: ContinuousClock.Instant] = [:]
        var counters: [String: Counter] = [:]
        var gauges: [String: Gauge] = [:]
        var timers: [String: Metrics.Timer] = [:]
        var overflows: [String: Int] = [:]
        /// Cancelled jobs in the books of each folder, as they were last; `nil` before the first books.
        var cancelled: [String: Int]?
        /// The gauges of folders that are shown.
        var folderGauges: Set<String> = []
    }

    /// Jobs whose times are followed at once; beyond that they are counted only.
    private static let maximumFollowed = 10_000

    private let factory: any MetricsFactory
    /// False where nobody hears of the metrics: most runs of the command.
    private let isHeard: Bool
    private let state = Mutex(State())

    /// Metrics of a factory.
    public init(factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        isHeard = !(factory is NOOPMetricsHandler)
    }

    // MARK: Events

    /// Counts a step of the daemon.
    public func record(_ event: DaemonEvent) {
        guard isHeard else { return }
        let folder = event.subject.map { ("folder", $0.folder) }
        func count(_ name: String, by amount: Int = 1, _ labels: (String, String)...) {
            add(amount, to: "snug_\(name)_total", (folder.map { [$0] } ?? []) + labels)
        }
        switch event.kind {
        case .settled(let isJoined): count("files_taken", ("joined", "\(isJoined)"))
        case .fitted(let input, let output):
            count("fit_input_bytes", by: input)
            count("fit_output_bytes", by: output)
        case .uploaded(let bytes): count("upload_bytes", by: bytes)
        case .submitted: count("submissions")
        case .completed(let images, let bytes):
            count("generated_images", by: images)
            count("generated_bytes", by: bytes)
        case .delivered(let names, let bytes):
            count("job_outcomes", ("outcome", "delivered"))
            count("deliveries", by: names.count)
            count("delivered_bytes", by: bytes)
        case .failed(let reason, _):
            count("job_outcomes", ("outcome", "failed"))
            count("failures", ("code", reason.code))
        case .held(let reason):
            count("job_outcomes", ("outcome", "held"))
            count("held_jobs", ("code", reason.code))
        case .postponed(let reason, _, let consumesAttempt):
            count("retries", ("code", reason.code), ("counted", "\(consumesAttempt)"))
        case .parked(let account, let reason, _):
            count("parkings", ("account", account), ("code", reason.code))
        case .paused(let reason): count("standstills", ("code", reason.code))
        case .started, .began, .resumed, .notice, .draining, .stopped: break
        }
        if let job = event.subject?.job { follow(job, event.kind) }
    }

    private func follow(_ job: JobID, _ kind: DaemonEvent.Kind) {
        let now = ContinuousClock.now
        switch kind {
        case .settled:
            state.withLock { if $0.waits.count < Self.maximumFollowed { $0.waits[job] = now } }
        case .began(let step):
            let wait = state.withLock { state in
                if state.steps.count < Self.maximumFollowed { state.steps[job] = (step, now) }
                return state.waits.removeValue(forKey: job)
            }
            if let wait { time("snug_wait_seconds", now - wait, [("step", step.rawValue)]) }
        case .fitted, .uploaded, .submitted, .completed: ended(job, "done", isOver: false, now)
        case .delivered: ended(job, "done", isOver: true, now)
        case .failed: ended(job, "failed", isOver: true, now)
        case .held: ended(job, "held", isOver: true, now)
        case .postponed: ended(job, "postponed", isOver: true, now)
        case .started, .parked, .paused, .resumed, .notice, .draining, .stopped: break
        }
    }

    private func ended(_ job: JobID, _ outcome: String, isOver: Bool, _ now: ContinuousClock.Instant) {
        let begun = state.withLock { state in
            state.waits[job] = isOver || state.waits.count >= Self.maximumFollowed ? nil : now
            return state.steps.removeValue(forKey: job)
        }
        guard let begun else { return }
        time("snug_step_seconds", now - begun.since, [("step", begun.step.rawValue), ("outcome", outcome)])
    }

    // MARK: Status

    /// Shows the state of the daemon at a moment.
    public func record(_ status: DaemonStatus) {
        for phase in [DaemonStatus.Phase.starting, .running, .draining, .stopped] {
            set("snug_phase", status.phase == phase ? 1 : 0, [("phase", phase.rawValue)])
        }
        recordFolders(status)
        for step in JobStep.allCases {
            let activities = status.activities.filter { $0.step == step }
            let longest = activities.map(\.duration).max() ?? .zero
            set("snug_running", activities.count, [("step", step.rawValue)])
            set("snug_running_longest_seconds", Int(longest.components.seconds), [("step", step.rawValue)])
        }
        for kind in [LedgerHold.Kind.pause, .park] {
            set("snug_holds", status.holds.count { $0.kind == kind }, [("kind", kind.rawValue)])
        }
        for (role, state, count) in status.hosts?.counts ?? [] {
            set("snug_hosts", count, [("role", role.rawValue), ("state", state.rawValue)])
        }
        set("snug_standstill", status.pause == nil ? 0 : 1, [])
        set("snug_books_balanced", status.books.areBalanced ? 1 : 0, [])
        if let memory = status.memory {
            set("snug_memory_budget_bytes", memory.total, [])
            set("snug_memory_reserved_bytes", memory.used, [])
            set("snug_memory_waiting", memory.waiting, [])
        }
    }

    /// Shows the books of every folder of the ledger and the folders that are watched, and no others.
    private func recordFolders(_ status: DaemonStatus) {
        var shown: Set<String> = []
        func show(_ name: String, _ value: Int, _ labels: (String, String)...) {
            set(name, value, labels)
            shown.insert(Self.key(name, labels))
        }
        let books = status.folderBooks.merging(status.folders.map { ($0.name, $0.books) }) { $1 }
        for (name, books) in books {
            for state in JobState.allCases {
                show("snug_jobs", books.count(state), ("folder", name), ("state", state.rawValue))
            }
            show("snug_jobs_seen", books.seen, ("folder", name))
        }
        for folder in status.folders {
            let label = ("folder", folder.name)
            show("snug_files_settling", folder.settlingCount, label)
            show("snug_files_present", folder.fileCount, label)
            show("snug_folder_present", folder.isPresent == true ? 1 : 0, label)
            show("snug_folder_has_events", folder.hasEvents ? 1 : 0, label)
            let old = state.withLock { state in
                defer { state.overflows[folder.name] = folder.overflowCount }
                return state.overflows[folder.name] ?? 0
            }
            add(max(0, folder.overflowCount - old), to: "snug_event_overflows_total", [label])
        }
        let gone = state.withLock { state in
            let gone = state.folderGauges.subtracting(shown).compactMap { state.gauges.removeValue(forKey: $0) }
            state.folderGauges = shown
            return gone
        }
        for gauge in gone { gauge.destroy() }
        countCancelled(books)
    }

    /// Counts the jobs that were cancelled since the last time, by whichever process.
    private func countCancelled(_ books: [String: LedgerBooks]) {
        let counts = books.mapValues { $0.count(.cancelled) }
        // The first books hold those of earlier runs; a job that is retried leaves the count.
        let old = state.withLock { state in
            defer { state.cancelled = counts }
            return state.cancelled
        }
        for (name, count) in counts {
            let new = old.map { count - ($0[name] ?? 0) } ?? 0
            add(max(0, new), to: "snug_job_outcomes_total", [("folder", name), ("outcome", "cancelled")])
        }
    }

    // MARK: Instruments

    private static func key(_ name: String, _ labels: [(String, String)]) -> String {
        name + labels.map { "\u{0}\($0.0)\u{0}\($0.1)" }.joined()
    }

    private func add(_ amount: Int, to name: String, _ labels: [(String, String)]) {
        state.withLock { state in
            let key = Self.key(name, labels)
            let counter = state.counters[key] ?? Counter(label: name, dimensions: labels, factory: factory)
            state.counters[key] = counter
            return counter
        }.increment(by: amount)
    }

    private func set(_ name: String, _ value: Int, _ labels: [(String, String)]) {
        state.withLock { state in
            let key = Self.key(name, labels)
            let gauge = state.gauges[key] ?? Gauge(label: name, dimensions: labels, factory: factory)
            state.gauges[key] = gauge
            return gauge
        }.record(value)
    }

    private func time(_ name: String, _ duration: Duration, _ labels: [(String, String)]) {
        let timer = state.withLock { state in
            let key = Self.key(name, labels)
            let timer = state.timers[key] ?? Metrics.Timer(label: name, dimensions: labels, factory: factory)
            state.timers[key] = timer
            return timer
        }
        timer.recordNanoseconds(Int64(clamping: Int(duration / .nanoseconds(1))))
    }
}
