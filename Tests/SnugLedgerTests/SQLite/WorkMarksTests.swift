// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// What a process was at work on when it ended, as the one after it reads it.
@Suite("Marks of work") struct WorkMarksTests {
    let folder: TemporaryFolder
    let ids = LedgerIDGenerator(.system)

    init() throws { folder = try TemporaryFolder() }

    private var path: FilePath { folder.path.appending("worker.lock") }

    private func newID() -> JobID { JobID(trusted: ids.next()) }

    private func lock() throws -> FileLock { try #require(try FileLock.acquire(path)) }

    @Test("The jobs that were begun and not ended are there, in whatever order they began and ended")
    func remembered() throws {
        let lock = try lock()
        let marks = WorkMarks(lock)
        let jobs = (0..<20).map { _ in newID() }
        var expected: Set<JobID> = []
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            let job = try #require(jobs.randomElement(using: &random))
            if expected.remove(job) != nil {
                marks.remove(job)
            } else {
                expected.insert(job)
                marks.add(job)
            }
            #expect(WorkMarks.read(lock) == expected)
        }
        // Places are used again.
        let size = try folder.bytes(of: "worker.lock")?.count ?? 0
        #expect((1...20 * 27).contains(size))
    }

    @Test("A job that is begun twice is ended once, and one that never began ends without a trace")
    func repeated() throws {
        let lock = try lock()
        let marks = WorkMarks(lock)
        let (job, other) = (newID(), newID())
        marks.add(job)
        marks.add(job)
        marks.remove(other)
        #expect(WorkMarks.read(lock) == [job])
        marks.remove(job)
        #expect(WorkMarks.read(lock) == [])
    }

    @Test(
        "A damaged file names no job that it does not hold whole",
        arguments: ["", "\n", "short", String(repeating: "-", count: 27), String(repeating: "\u{0}", count: 4000)])
    func damaged(text: String) throws {
        try folder.write(Array(text.utf8), to: "worker.lock")
        let nothing = WorkMarks.read(try lock())
        #expect(nothing == [])
        let job = newID()
        try folder.write(Array("\(job)\n\(job.description.dropLast())".utf8), to: "worker.lock")
        let found = WorkMarks.read(try lock())
        #expect(found == [job])
    }

    @Test("More jobs than there are places do no harm")
    func crowd() throws {
        let lock = try lock()
        let marks = WorkMarks(lock)
        let jobs = (0..<4100).map { _ in newID() }
        for job in jobs { marks.add(job) }
        #expect(WorkMarks.read(lock) == Set(jobs.prefix(4096)))
        for job in jobs { marks.remove(job) }
        marks.add(jobs[0])
        #expect(WorkMarks.read(lock) == [jobs[0]])
    }
}
