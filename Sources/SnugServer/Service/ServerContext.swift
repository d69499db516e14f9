// SPDX-License-Identifier: Apache-2.0
import Hummingbird
import NIOCore
import Synchronization

/// The state of one request.
struct ServerContext: RequestContext {
    /// The phases of a request, which its handler fills in.
    final class Record: Sendable {
        private let values = Mutex(RequestPhases())

        var phases: RequestPhases { values.withLock { $0 } }

        func set(_ phase: any WritableKeyPath<RequestPhases, Duration?> & Sendable, _ duration: Duration) {
            values.withLock { $0[keyPath: phase] = duration }
        }
    }

    var coreContext: CoreRequestContextStorage
    /// The connection.
    let channel: any Channel
    /// The end of the request's header.
    let arrival = ContinuousClock.now
    let record = Record()

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
