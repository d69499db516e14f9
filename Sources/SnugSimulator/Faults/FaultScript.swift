// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The rules in force, asked once for each request.
final class FaultScript: Sendable {
    private struct State {
        var rules: [Rule] = []
        var connections: [(service: ServiceName?, fault: ConnectionFault)] = []
    }

    private let state = Mutex(State())

    func add(_ rules: [Rule]) {
        state.withLock { $0.rules += rules }
    }

    func add(_ fault: ConnectionFault, service: ServiceName?, times: Int) {
        state.withLock { $0.connections += Array(repeating: (service, fault), count: max(0, times)) }
    }

    func clear() {
        state.withLock { $0 = State() }
    }

    var rules: [Rule] { state.withLock { $0.rules } }

    /// The fault of the first rule that fits, used up by one.
    ///
    /// A rule that is still skipping lets the next rules have the request.
    func take(
        service: ServiceName, method: String, path: String, connection: Rule.Connection
    ) -> Fault? {
        state.withLock { state in
            for index in state.rules.indices {
                let rule = state.rules[index]
                guard rule.matches(service: service, method: method, path: path, connection: connection) else {
                    continue
                }
                if rule.skip > 0 {
                    state.rules[index].skip -= 1
                    continue
                }
                if let times = rule.times {
                    state.rules[index].times = times - 1
                    if times <= 1 { state.rules.remove(at: index) }
                }
                return rule.fault
            }
            return nil
        }
    }

    func takeConnectionFault(service: ServiceName) -> ConnectionFault? {
        state.withLock { state in
            let found = state.connections.firstIndex { ($0.service ?? service) == service }
            return found.map { state.connections.remove(at: $0).fault }
        }
    }
}
