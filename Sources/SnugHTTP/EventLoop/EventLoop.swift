// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// libcurl's multi interface on a thread of its own.
///
/// The thread owns the multi handle and every easy handle in it; others only put commands into the inbox and wake it.
/// It keeps the loop alive until ``stop()``, after which it fails what is left and ends.
///
/// As an executor it also runs tasks that only make requests, so that no other thread has to wake up between a response
/// and the next request.
@safe
final class EventLoop: TaskExecutor, @unchecked Sendable {
    private enum Command {
        case add(Transfer)
        /// Look at it again: cancelled, or there is something to send or room to receive.
        case wake(Transfer)
        case run(UnownedJob)
    }
    private struct Inbox {
        var commands: [Command] = []
        var isStopping = false
        /// The thread waits for the network and has to be woken up.
        var isAsleep = false
        var isOver = false
    }

    private let multi: MultiHandle
    private let inbox = Mutex(Inbox())
    // The network thread's own.
    private var transfers: [UInt: Transfer] = [:]
    private var nextCheck = ContinuousClock.now

    /// Starts the thread.
    init(maximumConnectionsPerHost: Int) throws(HTTPError) {
        try CurlLibrary.load()
        guard let multi = MultiHandle() else {
            throw HTTPError(.outOfMemory, "libcurl could not be started")
        }
        multi.set(CURLMOPT_MAX_HOST_CONNECTIONS, maximumConnectionsPerHost)
        multi.set(CURLMOPT_MAXCONNECTS, 64)
        self.multi = multi
        try startThread()
    }

    /// Runs a transfer to its end. Cancelling the task ends it at once.
    func run(_ transfer: Transfer) async -> TransferReport {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.continuation = continuation
                if !post(.add(transfer)) { finish(transfer, Self.shutDown) }
            }
        } onCancel: {
            transfer.requestCancel()
            post(.wake(transfer))
        }
    }

    func wake(_ transfer: Transfer) { post(.wake(transfer)) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if !post(.run(job)) { globalConcurrentExecutor.enqueue(job) }
    }

    /// Ends the thread; transfers that still run fail.
    func stop() {
        inbox.withLock { inbox in
            inbox.isStopping = true
            inbox.isAsleep = false
        }
        multi.wakeUp()
    }

    /// - Returns: False when the thread has ended.
    @discardableResult
    private func post(_ command: Command) -> Bool {
        let (isTaken, isAsleep) = inbox.withLock { inbox in
            guard !inbox.isOver else { return (false, false) }
            inbox.commands.append(command)
            defer { inbox.isAsleep = false }
            return (true, inbox.isAsleep)
        }
        if isAsleep { multi.wakeUp() }
        return isTaken
    }

    // MARK: The network thread

    private func startThread() throws(HTTPError) {
        do throws(Errno) {
            try DetachedThread.start { [self] in runThread() }
        } catch {
            throw HTTPError(.outOfMemory, "no thread for the network: \(error); end other programs")
        }
    }

    private func runThread() {
        // A TLS library may write to a connection that the peer has closed. With the signal blocked in this thread that
        // is an error code like any other, and the signal handling of the process stays as it is.
        DetachedThread.blockBrokenPipeSignal()
        while true {
            let (commands, isStopping) = inbox.withLock { inbox in
                defer { inbox.commands.removeAll() }
                inbox.isAsleep = false
                return (inbox.commands, inbox.isStopping)
            }
            for command in commands { handle(command) }
            if isStopping { break }
            var running: Int32 = 0
            _ = unsafe snug_curl_multi_perform(multi.raw, &running)
            for transfer in transfers.values { transfer.uncork() }
            collectFinished()
            let now = ContinuousClock.now
            checkClocks(now)
            let mayGoOn = consumeSentFlags()
            let isAsleep = inbox.withLock { inbox in
                inbox.isAsleep = inbox.commands.isEmpty && !mayGoOn
                return inbox.isAsleep
            }
            if isAsleep { _ = unsafe snug_curl_multi_poll(multi.raw, pollTimeout(now)) }
        }
        for transfer in Array(transfers.values) { finish(transfer, Self.shutDown) }
        end()
    }

    /// Ends the commands that came in too late.
    private func end() {
        let commands = inbox.withLock { inbox in
            inbox.isOver = true
            return inbox.commands
        }
        for command in commands {
            switch command {
            case .add(let transfer): finish(transfer, Self.shutDown)
            case .wake: break
            case .run(let job): globalConcurrentExecutor.enqueue(job)
            }
        }
    }

    private static var shutDown: TransferReport.Ending {
        .failed(HTTPError(.transportFailed, "the client was shut down"))
    }

    private func handle(_ command: Command) {
        switch command {
        case .add(let transfer):
            if transfer.isCancelRequested { return finish(transfer, .cancelled) }
            transfer.start = .now
            transfer.stall = StallWatch(timeout: transfer.request.clocks.stallTimeout, start: transfer.start)
            unsafe transfer.sockets = multi.sockets
            let publicOnly: Int32 = transfer.request.addressPolicy == .publicOnly ? 1 : 0
            let isKnown = unsafe snug_curl_set_sockets(transfer.handle.raw, multi.sockets, publicOnly) == CURLE_OK
            guard isKnown, unsafe snug_curl_multi_add_handle(multi.raw, transfer.handle.raw) == CURLM_OK else {
                return finish(transfer, .failed(HTTPError(.outOfMemory, "libcurl could not take the request")))
            }
            transfers[transfer.handle.key] = transfer
            nextCheck = .now
        case .wake(let transfer):
            guard transfers[transfer.handle.key] === transfer else { return }
            if transfer.isCancelRequested { return finish(transfer, .cancelled) }
            if transfer.isHeldBack {
                transfer.isHeldBack = false
                transfer.stall.resume(now: .now)
            }
            // Both directions continue; a side that still has nothing pauses itself again.
            _ = unsafe snug_curl_easy_pause(transfer.handle.raw, 0)
        case .run(let job): unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// True when a transfer has just sent something. Trying to send more at once costs less than polling first.
    private func consumeSentFlags() -> Bool {
        var any = false
        for transfer in transfers.values where transfer.hasSent {
            transfer.hasSent = false
            any = true
        }
        return any
    }

    private func collectFinished() {
        var easy: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while unsafe snug_curl_multi_next_finished(multi.raw, &easy, &result) == 1 {
            guard let transfer = transfers[UInt(bitPattern: easy)] else { continue }
            finish(transfer, transfer.ending(result))
        }
        unsafe snug_sockets_forget_closed(multi.sockets)
    }

    private func checkClocks(_ now: ContinuousClock.Instant) {
        for transfer in transfers.values {
            guard let resumeAt = transfer.resumeAt, now >= resumeAt else { continue }
            transfer.resumeAt = nil
            transfer.stall.resume(now: now)
            _ = unsafe snug_curl_easy_pause(transfer.handle.raw, 0)
        }
        guard now >= nextCheck else { return }
        nextCheck = now + .seconds(60)
        for transfer in Array(transfers.values) {
            if let expired = transfer.check(now: now) {
                finish(transfer, .failed(expired))
            } else {
                nextCheck = min(nextCheck, transfer.nextCheck(after: now))
            }
        }
    }

    /// Milliseconds until something other than the network needs the loop.
    private func pollTimeout(_ now: ContinuousClock.Instant) -> Int32 {
        guard !transfers.isEmpty else { return 60_000 }
        var next = nextCheck
        for transfer in transfers.values {
            if let resumeAt = transfer.resumeAt { next = min(next, resumeAt) }
        }
        return Int32(clamping: Int(((next - now).seconds * 1000).rounded(.up))).clampedToPoll
    }

    private func finish(_ transfer: Transfer, _ ending: TransferReport.Ending) {
        let report = transfer.report(ending)
        if transfers.removeValue(forKey: transfer.handle.key) != nil {
            _ = unsafe snug_curl_multi_remove_handle(multi.raw, transfer.handle.raw)
        }
        let continuation = transfer.continuation
        transfer.continuation = nil
        unsafe transfer.sockets = nil
        continuation?.resume(returning: report)
    }
}

extension Int32 {
    /// libcurl takes 0 to wait not at all; negative values would be an error.
    fileprivate var clampedToPoll: Int32 { Swift.max(0, Swift.min(self, 60_000)) }
}
