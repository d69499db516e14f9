// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle

/// Services that stop at the same time: a group alone would stop one after the other, each with a time of its own.
struct ServicesTogether: Service {
    let services: [any Service]

    /// Runs until a graceful shutdown has ended all, or one ends by itself, which ends the others.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            while try await group.next() != nil {
                if !Task.isShuttingDownGracefully { group.cancelAll() }
            }
        }
    }
}
