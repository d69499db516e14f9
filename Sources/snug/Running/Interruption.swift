// SPDX-License-Identifier: Apache-2.0
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What Ctrl-C and SIGTERM do.
///
/// The signals are blocked in every thread and taken by one that waits for them, so that no code runs inside a signal
/// handler. The first one asks the command to stop, the second ends the process at once.
final class Interruption: Sendable {
    /// The exit code of a command that was interrupted.
    static let exitCode: Int32 = 130

    private struct State {
        var signalCount = 0
        var stop: (@Sendable () -> Void)?
        var cleanUp: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    /// Takes over the signals; to be called before the process has a second thread.
    static func install() -> Interruption {
        // A reader that went away shows as EPIPE where it can be handled.
        _ = signal(SIGPIPE, SIG_IGN)
        // A file that outgrows `ulimit -f` shows as EFBIG, likewise.
        _ = signal(SIGXFSZ, SIG_IGN)
        let interruption = Interruption()
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        // What the parent ignores stays ignored: nohup, and jobs that a shell runs in the background.
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { unsafe sigaddset(&signals, number) }
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let waited = signals
        let started = PlainThread.start {
            while true {
                var waited = waited
                var number: Int32 = 0
                guard unsafe sigwait(&waited, &number) == 0 else { continue }
                interruption.signalArrived()
            }
        }
        // Without the thread nobody would take the signals: leave them to the system.
        if !started { unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
        return interruption
    }

    /// Whether a signal has come.
    var hasCome: Bool { state.withLock { $0.signalCount > 0 } }

    /// Sets what the first signal does, and what is done just before the process ends on the second.
    ///
    /// A command that sets nothing ends on the first.
    func handle(stop: @escaping @Sendable () -> Void, cleanUp: @escaping @Sendable () -> Void) {
        let missed = state.withLock { state in
            state.stop = stop
            state.cleanUp = cleanUp
            return state.signalCount > 0
        }
        if missed { stop() }
    }

    private func signalArrived() {
        let (count, stop, cleanUp) = state.withLock { state in
            state.signalCount += 1
            return (state.signalCount, state.stop, state.cleanUp)
        }
        guard count == 1, let stop else {
            cleanUp?()
            _exit(Self.exitCode)
        }
        stop()
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        #if canImport(Darwin)
            return unsafe unsafeBitCast(action.__sigaction_u.__sa_handler, to: Int.self) == 1
        #else
            return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
        #endif
    }
}
