// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import Synchronization
import SystemPackage

/// The conditions under which a server takes work.
final class Readiness: Sendable {
    /// A condition that does not hold.
    struct Problem: Sendable, Hashable {
        var check: String
        var message: String
    }

    private let draining = Mutex(false)
    private let ledger: (any LedgerStore)?
    private let folder: FilePath?
    private let minimumDiskBytes: Int?
    private let threads = BlockingThreads(count: 1)

    init(ledger: (any LedgerStore)?, folder: FilePath?, minimumDiskBytes: Int?) {
        self.ledger = ledger
        self.folder = folder
        self.minimumDiskBytes = minimumDiskBytes
    }

    /// Says that the server stops: nothing new should come.
    func drain() { draining.withLock { $0 = true } }

    /// True once the server stops.
    var isDraining: Bool { draining.withLock { $0 } }

    /// The problems at this moment; none when the server is ready.
    func problems(_ queue: AdmissionQueue, _ receiving: BodyBudget) async -> [Problem] {
        var problems: [Problem] = []
        if isDraining { problems.append(Problem(check: "draining", message: "the server is stopping")) }
        let waiting = queue.use.waiting
        if waiting >= queue.length, queue.use.running >= queue.workers {
            problems.append(
                Problem(
                    check: "queue", message: "all workers are busy and \(waiting) requests wait, which is the maximum"))
        }
        if receiving.isFull {
            problems.append(
                Problem(
                    check: "receiving",
                    message:
                        "bodies take \(ByteCount(receiving.usedBytes)) of the \(ByteCount(receiving.total)) for them"))
        }
        if let ledger {
            do { _ = try await ledger.holds() } catch {
                problems.append(Problem(check: "ledger", message: "the ledger cannot be read: \(error)"))
            }
        }
        if let problem = await diskProblem() { problems.append(problem) }
        return problems
    }

    private func diskProblem() async -> Problem? {
        guard let folder else { return nil }
        let (space, isWritable) = await threads.runUncancelled {
            (FileSystem.space(at: folder), FileSystem.isWritable(folder))
        }
        guard let space else { return Problem(check: "disk", message: "the disk's free space cannot be read") }
        guard isWritable else {
            return Problem(check: "disk", message: "\(PrintableName.of(folder)) cannot be written to")
        }
        let reserve = minimumDiskBytes ?? DiskReserve.bytes(ofTotal: space.total)
        guard space.available < reserve else { return nil }
        return Problem(
            check: "disk",
            message: "\(ByteCount(space.available)) are free on the disk, and \(ByteCount(reserve)) have to stay free")
    }
}
