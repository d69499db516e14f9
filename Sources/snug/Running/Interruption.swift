// SPDX-License-Identifier: Apache-2.0
import CPlatform
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
/// The handler only writes a byte to a pipe, and a thread that reads it does the work. Blocking the signals and waiting for
/// them would be simpler, but Dispatch keeps a thread that takes every signal, whatever was blocked before. What the parent
/// ignores stays ignored: nohup, and jobs that a shell runs in the background. The first signal asks the command to stop,
/// the second ends the process at once.
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
        var reader: Int32 = -1
        // Without pipe or thread nobody would take the signals: leave them to the system, which ends the process.
        guard unsafe snug_signals_open(&reader) == 0 else { return interruption }
        let source = reader
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
        let taken = signals
        // Blocked in every thread that starts from here, so that no system call of theirs is cut short.
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let started = PlainThread.start {
            var taken = taken
            unsafe pthread_sigmask(SIG_UNBLOCK, &taken, nil)
            while Self.waitForSignal(from: source) { interruption.signalArrived() }
        }
        guard started else {
            unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            return interruption
        }
        // They are there on every system, so that this cannot fail.
        for number in [SIGINT, SIGTERM, SIGHUP] { _ = snug_signals_catch(number) }
        return interruption
    }

    /// Waits for the next one.
    /// - Returns: `false` when there will be none.
    private static func waitForSignal(from descriptor: Int32) -> Bool {
        var number: UInt8 = 0
        while true {
            let count = unsafe read(descriptor, &number, 1)
            if count == 1 { return true }
            if count == 0 || errno != EINTR { return false }
        }
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
}
