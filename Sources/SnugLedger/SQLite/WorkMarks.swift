// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// The jobs that a process is at work on, in the file whose lock shows that it lives.
///
/// Nobody waits for the disk: what was written is there after a kill, and a power cut is no job's fault. Each job has a slot
/// of its own, so that no write touches the others.
final class WorkMarks: Sendable {
    private struct State {
        var lock: FileLock?
        var slots: [JobID: Int] = [:]
        var free: [Int] = []
    }

    /// The id, and a line feed.
    private static let slotBytes = 27
    /// Jobs at once; more are not marked, and so are never blamed.
    private static let maximumSlots = 4096

    private let state: Mutex<State>

    init(_ lock: FileLock) { state = Mutex(State(lock: lock)) }

    func add(_ job: JobID) {
        state.withLock { state in
            guard state.slots[job] == nil else { return }
            let slot = state.free.popLast() ?? state.slots.count
            guard slot < Self.maximumSlots else { return }
            state.slots[job] = slot
            // Without a mark, at worst one more process ends before the job is held.
            try? state.lock?.write(Array("\(job)\n".utf8), at: slot * Self.slotBytes)
        }
    }

    func remove(_ job: JobID) {
        state.withLock { state in
            guard let slot = state.slots.removeValue(forKey: job) else { return }
            state.free.append(slot)
            let nothing = [UInt8](repeating: UInt8(ascii: "-"), count: Self.slotBytes - 1) + [UInt8(ascii: "\n")]
            try? state.lock?.write(nothing, at: slot * Self.slotBytes)
        }
    }

    /// Gives the file back.
    func end() { state.withLock { $0.lock = nil } }

    /// The jobs in the file of a process that has ended. Anything else in it is ignored.
    static func read(_ lock: FileLock) -> Set<JobID> {
        let bytes = (try? lock.contents(maximum: maximumSlots * slotBytes)) ?? []
        return Set(
            stride(from: 0, to: bytes.count, by: slotBytes).compactMap { start in
                JobID(String(decoding: bytes[start..<min(start + slotBytes - 1, bytes.count)], as: UTF8.self))
            })
    }
}
