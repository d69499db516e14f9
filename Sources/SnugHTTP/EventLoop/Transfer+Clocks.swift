// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import DequeModule
internal import HTTPTypes

extension Transfer {
    /// Checks the time limits and reports progress.
    /// - Returns: The error of the limit that was exceeded, if any.
    func check(now: ContinuousClock.Instant) -> HTTPError? {
        let sent = handle.bytes(CURLINFO_SIZE_UPLOAD_T)
        let queued = snug_sockets_unacknowledged(socket)
        stall.observe(
            phase(sent: sent, queued: queued), bytesMoved: sent - queued + bytesReceived + parser.byteCount,
            heldBack: isHeldBack || resumeAt != nil, now: now)
        reportProgress(sent: sent, now: now, isLast: false)
        if let deadline = request.clocks.deadline, now >= deadline {
            return HTTPError(.deadlineExceeded, "the deadline passed while \(stall.phase.rawValue)")
        }
        if let timeout = request.clocks.attemptTimeout, now >= start + timeout {
            return HTTPError(
                .attemptTimedOut,
                "no complete response within \(timeout) (while \(stall.phase.rawValue)); allow more time")
        }
        if let timeout = request.clocks.stallTimeout, let expiry = stall.expiry, now >= expiry {
            return HTTPError(.stalled, "no byte moved for \(timeout) while \(stall.phase.rawValue); check the network")
        }
        return nil
    }

    /// The time of the next check.
    func nextCheck(after now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        // While bytes move, often enough for progress; while waiting, only for what can still run out.
        let moving = stall.phase == .sending || stall.phase == .receiving
        var next = now + (moving || request.onProgress != nil ? .milliseconds(100) : .milliseconds(500))
        if let deadline = request.clocks.deadline { next = min(next, deadline) }
        if let timeout = request.clocks.attemptTimeout { next = min(next, start + timeout) }
        if let expiry = stall.expiry { next = min(next, expiry) }
        return next
    }

    /// Bytes that the system has taken and the peer has not acknowledged count as being sent: a dead connection
    /// swallows the last piece of a request without an error.
    private func phase(sent: Int, queued: Int) -> StallWatch.Phase {
        if parser.head != nil { return .receiving }
        if handle.bytes(CURLINFO_PRETRANSFER_TIME_T) == 0 { return .connecting }
        return isRequestComplete(sent: sent) && queued == 0 ? .waiting : .sending
    }

    private func isRequestComplete(sent: Int) -> Bool {
        guard hasBody else { return true }
        if let announcedLength { return sent >= announcedLength }
        return feedEnded
    }

    func reportProgress(sent: Int, now: ContinuousClock.Instant, isLast: Bool) {
        guard let onProgress = request.onProgress else { return }
        let expected = parser.head?.headerFields.integer(.contentLength)
        let value = TransferProgress(
            bytesSent: min(sent, announcedLength ?? bytesFed), bytesToSend: announcedLength,
            bytesReceived: bytesReceived, bytesToReceive: expected)
        if let last = lastProgress {
            guard last.value != value, isLast || now >= last.at + .milliseconds(100) else { return }
        }
        lastProgress = (now, value)
        onProgress(value)
    }

    /// Collects the facts at the end.
    func report(_ ending: TransferReport.Ending) -> TransferReport {
        let now = ContinuousClock.now
        let sent = wasRewound ? bytesFed : handle.bytes(CURLINFO_SIZE_UPLOAD_T)
        reportProgress(sent: sent, now: now, isLast: true)
        var report = TransferReport(ending: ending)
        report.head = parser.head
        report.interim = Array(parser.interim)
        report.body = body
        report.bytesSent = min(sent, announcedLength ?? bytesFed)
        report.bytesReceived = bytesReceived
        report.httpVersion = handle.number(CURLINFO_HTTP_VERSION) >= Int(CURL_HTTP_VERSION_2_0) ? "2" : "1.1"
        report.start = start
        report.duration = now - start
        if parser.head != nil {
            report.outcome = .responded
        } else if handle.bytes(CURLINFO_PRETRANSFER_TIME_T) == 0 {
            report.outcome = .notSent
        } else {
            report.outcome = isRequestComplete(sent: sent) ? .sentWithoutResponse : .partlySent
        }
        return report
    }
}
