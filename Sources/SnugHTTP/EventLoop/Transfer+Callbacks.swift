// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import HTTPTypes

// The callbacks of libcurl on the network thread. The user pointer is the transfer, which the loop keeps alive while
// its handle is in the multi handle. Nothing here may throw, block on the network or call libcurl's multi functions.

extension Transfer {
    func installCallbacks() throws(HTTPError) {
        let user = unsafe Unmanaged.passUnretained(self).toOpaque()
        try handle.check(
            unsafe snug_curl_set_read(
                handle.raw,
                { buffer, size, count, user in
                    guard let buffer = unsafe buffer else { return Int(CURL_READFUNC_ABORT) }
                    let target = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: size * count)
                    return unsafe Transfer.from(user)?.read(into: target) ?? Int(CURL_READFUNC_ABORT)
                }, user))
        try handle.check(
            unsafe snug_curl_set_write(
                handle.raw,
                { bytes, size, count, user in
                    unsafe Transfer.from(user)?.write(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
                }, user))
        try handle.check(
            unsafe snug_curl_set_header(
                handle.raw,
                { bytes, size, count, user in
                    unsafe Transfer.from(user)?.header(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
                }, user))
        try handle.check(
            unsafe snug_curl_set_prerequest(
                handle.raw,
                { user, _, _, peerPort, localPort in
                    unsafe Transfer.from(user)?.requestBegins(localPort: localPort, peerPort: peerPort)
                    return CURL_PREREQFUNC_OK
                }, user))
        // Refusing to rewind is what stops libcurl from sending a body twice by itself: retries are made in one place.
        try handle.check(unsafe snug_curl_set_seek(handle.raw, { _, _, _ in CURL_SEEKFUNC_FAIL }, user))
    }

    private static func from(_ user: UnsafeMutableRawPointer?) -> Transfer? {
        guard let user = unsafe user else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(user).takeUnretainedValue()
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let feed else {
            feedEnded = true
            return 0
        }
        if pauseToReadResponse() { return Int(CURL_READFUNC_PAUSE) }
        // The head leaves with a little, so that the server begins while the rest is being read.
        let most = bytesFed == 0 ? min(buffer.count, Self.ordinaryChunk) : buffer.count
        var target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<most])
        if let limiter = request.bandwidthLimiter {
            let now = ContinuousClock.now
            switch limiter.grant(target.count, now: now) {
            case .bytes(let granted): unsafe target = UnsafeMutableRawBufferPointer(rebasing: target[..<granted])
            case .wait(let wait):
                resumeAt = now + wait
                return Int(CURL_READFUNC_PAUSE)
            }
        }
        switch unsafe feed.fill(target) {
        case .bytes(let count):
            isHeldBack = false
            hasSent = true
            bytesFed += count
            request.bandwidthLimiter?.refund(target.count - count)
            return count
        case .later:
            isHeldBack = true
            request.bandwidthLimiter?.refund(target.count)
            return Int(CURL_READFUNC_PAUSE)
        case .end:
            feedEnded = true
            request.bandwidthLimiter?.refund(target.count)
            return 0
        case .failed(let error):
            ownFailure =
                error as? HTTPError
                ?? HTTPError(.bodyFailed, "the request's body could not be read: \(error)", cause: error)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// Pauses sending once when a response may be waiting, so that it is read first.
    ///
    /// A server that refuses a body responds and closes the connection, and the reset that follows makes the next write
    /// fail. A client that writes until then loses the response: under TLS libcurl decrypts and discards it.
    private func pauseToReadResponse() -> Bool {
        guard !hasPausedToRead, parser.head == nil, readsBeforeWriting || snug_sockets_has_input(socket) == 1 else {
            hasPausedToRead = false
            return false
        }
        // Once for each chunk, because not everything that a server sends is a response.
        hasPausedToRead = true
        resumeAt = readsBeforeWriting ? .now + .milliseconds(1) : .now
        return true
    }

    /// The loop's thread is about to send on the connection with these ports.
    private func requestBegins(localPort: Int32, peerPort: Int32) {
        guard let sockets = unsafe sockets else { return }
        socket = unsafe snug_sockets_find(sockets, localPort, peerPort)
        if chunkSize == Self.largeChunk, !asksContinue {
            isCorked = true
            snug_sockets_cork(socket, 1)
        }
    }

    /// Lets go what waits for more, because for now there is no more.
    func uncork() {
        guard isCorked else { return }
        isCorked = false
        snug_sockets_cork(socket, 0)
    }

    private func header(_ line: UnsafeRawBufferPointer) -> Int {
        switch unsafe parser.take(line) {
        case .none: break
        case .interim(let head): request.onInterim?(head)
        case .final(let head):
            switch sink {
            case .pipe(let pipe): pipe.deliver(head)
            case .response(.file(let file, let offset, _)) where head.status.kind == .successful:
                guard prepare(file, offset: offset, head: head) else { return 0 }
            case .response: break
            }
        case .refused:
            ownFailure = HTTPError(.malformedResponse, "the head of the response is not HTTP, or larger than 128 KiB")
            return 0
        }
        return line.count
    }

    private func prepare(_ file: ResponseFile, offset: Int, head: HTTPResponse) -> Bool {
        fileOffset = head.status == 206 ? offset : 0
        do {
            // RFC 9110 §15.3.7: a 206 may begin elsewhere than was asked for.
            if head.status == 206, head.headerFields[.contentRange]?.hasPrefix("bytes \(offset)-") != true {
                throw HTTPError(.malformedResponse, "the server sent another range than requested")
            }
            try file.truncate(to: fileOffset)
            return true
        } catch {
            ownFailure = error as? HTTPError
            return false
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch sink {
        case .pipe(let pipe):
            guard unsafe pipe.offer(bytes) else {
                isHeldBack = true
                return Int(CURL_WRITEFUNC_PAUSE)
            }
            isHeldBack = false
        case .response(.collect(let maximum)):
            guard unsafe collect(bytes, maximum: maximum) else { return 0 }
        case .response(.file(let file, _, let maximum)):
            guard parser.head?.status.kind == .successful else {
                let room = ResponseSink.errorBodyLimit - body.count
                if room > 0 { unsafe body.append(contentsOf: bytes.prefix(room)) }
                break
            }
            guard bytesReceived + bytes.count <= maximum else { return tooLarge(maximum) }
            do {
                try unsafe file.write(bytes, at: fileOffset + bytesReceived)
            } catch {
                ownFailure = error
                return 0
            }
        }
        bytesReceived += bytes.count
        return bytes.count
    }

    private func collect(_ bytes: UnsafeRawBufferPointer, maximum: Int) -> Bool {
        guard body.count + bytes.count <= maximum else { return tooLarge(maximum) != 0 }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    private func tooLarge(_ maximum: Int) -> Int {
        ownFailure = HTTPError(
            .responseTooLarge, "the response has more than \(maximum) bytes; raise the maximum if that is right")
        return 0
    }
}
