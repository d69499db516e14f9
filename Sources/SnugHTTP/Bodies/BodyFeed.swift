// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The reply of a body that is asked for bytes.
enum Supply {
    case bytes(Int)
    /// Nothing yet: the feed wakes the transfer when there is more.
    case later
    case end
    case failed(any Error)
}

/// The network thread's end of a request body. Only that thread asks it, and it blocks on nothing but a local file.
protocol BodyFeed: AnyObject, Sendable {
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Supply
}

/// Memory and file ranges, read in place.
final class RegionFeed: BodyFeed {
    private struct Position {
        var region = 0
        var offset = 0
    }
    private let regions: [HTTPBody.Region]
    private let position = Mutex(Position())

    init(_ regions: [HTTPBody.Region]) {
        self.regions = regions.filter { $0.byteCount > 0 }
    }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Supply {
        position.withLock { position in
            guard position.region < regions.count else { return .end }
            let region = regions[position.region]
            let wanted = min(buffer.count, region.byteCount - position.offset)
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let done: Int
            switch region {
            case .bytes(let bytes):
                let start = position.offset
                unsafe bytes.withUnsafeBytes { source in
                    unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + wanted]))
                }
                done = wanted
            case .file(let file, let range):
                do {
                    done = try unsafe file.read(into: target, at: range.lowerBound + position.offset)
                } catch {
                    return .failed(error)
                }
            }
            position.offset += done
            if position.offset == region.byteCount { position = Position(region: position.region + 1, offset: 0) }
            return .bytes(done)
        }
    }
}

/// The bytes of a reader, fetched ahead by a task into a bounded buffer.
final class StreamFeed: BodyFeed {
    /// Maximum of waiting bytes: a few of libcurl's buffers, so that neither side runs dry.
    static let capacity = 256 * 1024

    private struct State {
        var buffered: [UInt8] = []
        var taken = 0
        var ended = false
        var failure: (any Error)?
        var starved = false
        var spaceWaiter: CheckedContinuation<Void, Never>?
        var closed = false

        var count: Int { buffered.count - taken }
    }
    private let state = Mutex(State())
    private let expected: Int?
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - expected: Number of bytes that the reader announced.
    ///   - wake: Tells the transfer that there is more.
    init(expected: Int?, wake: @escaping @Sendable () -> Void) {
        self.expected = expected
        self.wake = wake
    }

    /// Reads until the end or until the task is cancelled. Runs beside the transfer.
    func pump(_ makeReader: @Sendable (Int) async throws -> any HTTPBodyReader, from offset: Int) async {
        do {
            let reader = try await makeReader(offset)
            var total = 0
            while await waitForSpace() {
                let bytes = try await reader.read(atMost: Self.capacity / 4)
                total += bytes.count
                if bytes.isEmpty {
                    try checkLength(total, isWhole: true)
                    return finish(nil)
                }
                try checkLength(total, isWhole: false)
                append(bytes)
            }
        } catch {
            finish(error)
        }
    }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Supply {
        let (supply, waiter) = state.withLock { state -> (Supply, CheckedContinuation<Void, Never>?) in
            if state.count == 0 {
                if let failure = state.failure { return (.failed(failure), nil) }
                if state.ended { return (.end, nil) }
                state.starved = true
                return (.later, nil)
            }
            let count = min(buffer.count, state.count)
            let start = state.taken
            unsafe state.buffered.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + count]))
            }
            state.taken += count
            if state.count == 0 {
                state.buffered.removeAll(keepingCapacity: true)
                state.taken = 0
            }
            defer { state.spaceWaiter = nil }
            return (.bytes(count), state.spaceWaiter)
        }
        waiter?.resume()
        return supply
    }

    private func checkLength(_ total: Int, isWhole: Bool) throws {
        guard let expected, isWhole ? total != expected : total > expected else { return }
        throw HTTPError(.bodyFailed, "the body's reader gave \(total) bytes where \(expected) were announced")
    }

    private func append(_ bytes: [UInt8]) {
        let starved = state.withLock { state in
            if state.taken > 0 {
                state.buffered.removeFirst(state.taken)
                state.taken = 0
            }
            state.buffered += bytes
            defer { state.starved = false }
            return state.starved
        }
        if starved { wake() }
    }

    private func finish(_ error: (any Error)?) {
        let starved = state.withLock { state in
            state.ended = true
            state.failure = error
            return state.starved
        }
        if starved { wake() }
    }

    /// Waits until another read fits. Returns false when the transfer is over.
    private func waitForSpace() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if state.closed || state.count <= Self.capacity * 3 / 4 { return true }
                    state.spaceWaiter = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.closed = true
                defer { state.spaceWaiter = nil }
                return state.spaceWaiter
            }
            waiter?.resume()
        }
        return state.withLock { !$0.closed }
    }
}
