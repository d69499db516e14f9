// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread outside Swift's pool, for work that waits for the network or a disk.
package enum DetachedThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that nobody joins.
    /// - Returns: 0, or the `errno` value that says why the system has none to give.
    package static func start(_ run: @escaping @Sendable () -> Void) -> Int32 {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { unsafe pthread_attr_destroy(&attributes) }
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                #if canImport(Darwin)
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                #else
                    guard let argument = unsafe argument else { return nil }
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                #endif
                return nil
            }, body.toOpaque())
        if code != 0 { unsafe body.release() }
        return code
    }

    /// Runs work on a thread of its own and waits for what comes of it.
    ///
    /// - Throws: What the work throws; `out_of_memory` when the system has no thread to give.
    package static func value<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let code = start { continuation.resume(with: Result { try work() }) }
            if code != 0 {
                let reason = unsafe String(cString: strerror(code))
                continuation.resume(throwing: HTTPError(.outOfMemory, "no thread to wait for a disk: \(reason)"))
            }
        }
    }
}
