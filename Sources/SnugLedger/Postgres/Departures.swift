// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import Synchronization

    /// Workers whose connections are gone, and since when: one that lives connects again.
    final class Departures: Sendable {
        private let grace: Duration
        private let missing = Mutex<[String: Duration]>([:])

        init(grace: Duration) { self.grace = grace }

        /// Those of the workers that have been missing for long enough.
        /// - Parameters:
        ///   - workers: All that are missing now.
        ///   - elapsed: Time that never jumps.
        func note(_ workers: [String], elapsed: Duration) -> [String] {
            missing.withLock { missing in
                missing = missing.filter { workers.contains($0.key) }
                return workers.filter { worker in
                    isOver(worker, &missing, elapsed)
                }
            }
        }

        /// True for a worker that has been missing for long enough; one that is here is forgotten.
        func hasDeparted(_ worker: String, isMissing: Bool, elapsed: Duration) -> Bool {
            missing.withLock { missing in
                guard isMissing else {
                    missing[worker] = nil
                    return false
                }
                return isOver(worker, &missing, elapsed)
            }
        }

        private func isOver(_ worker: String, _ missing: inout [String: Duration], _ elapsed: Duration) -> Bool {
            let since = missing[worker] ?? elapsed
            missing[worker] = since
            return elapsed - since >= grace
        }
    }

#endif
