// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization

/// Handles Ctrl-C, SIGTERM and SIGHUP: the first signal asks the command to stop, the second ends the process at once.
final class Interruption: Sendable {
    /// The exit code of a command that was interrupted.
    static let exitCode: Int32 = 130

    private struct State {
        var signalCount = 0
        var firstSignal: ContinuousClock.Instant?
        var stop: (@Sendable () -> Void)?
        var cleanUp: (@Sendable () -> Void)?
        var handler: (@Sendable (Int32) -> Void)?
    }
    private let state = Mutex(State())

    /// Takes over the signals; to be called once, first of all.
    static func install() -> Interruption {
        Signals.ignoreFailingWrites()
        let interruption = Interruption()
        Signals.watch([Signals.interrupt, Signals.terminate, Signals.hangUp]) { interruption.signalArrived($0) }
        return interruption
    }

    /// True once a signal has come.
    var hasCome: Bool { state.withLock { $0.signalCount > 0 } }

    /// Sets the reaction to the first signal, and the last act before the process ends on the second.
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

    /// Hands every signal over from now on; for a service, which reloads and drains.
    func handleEach(_ handler: @escaping @Sendable (Int32) -> Void) { state.withLock { $0.handler = handler } }

    /// Signals so close together are one: a terminal sends Ctrl-C to a whole group, and wrappers (`make`, `timeout`)
    /// pass it on.
    private static let oneSignal = Duration.milliseconds(300)

    private func signalArrived(_ number: Int32) {
        if let handler = state.withLock({ $0.handler }) { return handler(number) }
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
            Signals.exitNow(Self.exitCode)
        }
        stop()
    }
}
