// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A thread outside Swift's pool, for work that waits for the network or a disk.
package enum DetachedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Bytes of stack: virtual until used. Codecs and JSON decoding of the deepest legal nesting stay well below.
    private static let stackBytes = 2 << 20

    /// Starts a thread that nobody joins.
    /// - Throws: The system's reason when it has no thread to give.
    package static func start(_ run: @escaping @Sendable () -> Void) throws(Errno) {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code != 0 else { return }
        unsafe body.release()
        throw Errno(rawValue: code)
    }

    /// Lets the calling thread, which must be none of Swift's pool, sleep.
    package static func pause(milliseconds: UInt32) { usleep(milliseconds &* 1000) }

    /// Runs work on a thread of its own and waits for its result without holding a thread of the pool.
    /// - Throws: The error of the work; `Errno` when the system has no thread to give.
    package static func value<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do throws(Errno) {
                try start { continuation.resume(with: Result { try work() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Blocks a signal in the calling thread, so that what would raise it shows as an error code there.
    package static func blockBrokenPipeSignal() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
