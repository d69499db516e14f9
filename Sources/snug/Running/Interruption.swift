// SPDX-License-Identifier: Apache-2.0
import CPlatform
import SnugSystem
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
/// A handler passes them on to a thread, so that nothing else runs inside a handler. The first one asks the command to
/// stop, the second ends the process at once.
final class Interruption: Sendable {
    /// The exit code of a command that was interrupted.
    static let exitCode: Int32 = 130

    private struct State {
        var signalCount = 0
        var firstSignal: ContinuousClock.Instant?
        var stop: (@Sendable () -> Void)?
        var cleanUp: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())

    /// Takes over the signals; to be called once, first of all.
    static func install() -> Interruption {
        // A reader that went away shows as EPIPE where it can be handled.
        _ = signal(SIGPIPE, SIG_IGN)
        // Past a limit on file sizes a write fails with its reason instead of ending the process.
        _ = signal(SIGXFSZ, SIG_IGN)
        let interruption = Interruption()
        let numbers = [SIGINT, SIGTERM, SIGHUP]
        let pipe = unsafe snug_watch_signals(numbers, Int32(numbers.count))
        // Without a pipe the system's rules stay in force: signals end the process, with temporary files left behind.
        guard pipe >= 0 else { return interruption }
        let watcher: Void? = try? DetachedThread.start {
            var number: UInt8 = 0
            while true {
                let count = unsafe read(pipe, &number, 1)
                if count == 1 { interruption.signalArrived() } else if count == 0 || errno != EINTR { return }
            }
        }
        if watcher == nil { for number in numbers { signal(number, SIG_DFL) } }
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

    /// Signals so close together are one: a terminal sends Ctrl-C to a whole group, and wrappers (`make`, `timeout`)
    /// pass on what they get.
    private static let oneSignal = Duration.milliseconds(300)

    private func signalArrived() {
        let now = ContinuousClock.now
        let (isFirst, isEcho, stop, cleanUp) = state.withLock { state in
            let isEcho = state.firstSignal.map { now - $0 < Self.oneSignal } ?? false
            if state.firstSignal == nil { state.firstSignal = now }
            state.signalCount += 1
            return (state.signalCount == 1, isEcho, state.stop, state.cleanUp)
        }
        if isEcho, stop != nil { return }
        guard isFirst, let stop else {
            cleanUp?()
            _exit(Self.exitCode)
        }
        stop()
    }
}
