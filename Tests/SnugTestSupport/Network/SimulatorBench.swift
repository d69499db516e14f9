// SPDX-License-Identifier: Apache-2.0
public import SnugSimulator

/// Lets few simulators run at a time: each has a score of ports.
private actor SimulatorBench {
    static let shared = SimulatorBench(places: 8)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { free = places }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Runs `body` with a simulator of its own once there is a place for it.
public func withSimulator<Result>(
    _ configuration: Simulator.Configuration = Simulator.Configuration(), _ body: (Simulator) async throws -> Result
) async throws -> Result {
    await SimulatorBench.shared.enter()
    do {
        let result = try await Simulator.with(configuration, body)
        await SimulatorBench.shared.leave()
        return result
    } catch {
        await SimulatorBench.shared.leave()
        throw error
    }
}
