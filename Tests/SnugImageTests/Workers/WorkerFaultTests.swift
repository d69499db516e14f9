// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SnugSystem
import SystemPackage
import Testing

@testable import SnugImage

/// Decoders that crash, hang, take memory, lie and ask for what is forbidden: each costs its own image, and says so.
@Suite struct WorkerFaultTests {
    struct Row: CustomTestStringConvertible {
        var deed: String
        var code: ImageError.Code
        var words: String
        var testDescription: String { deed }
    }
    static let rows: [Row] = [
        Row(deed: "crash", code: .decoderCrashed, words: "signal \(SIGSEGV)"),
        Row(deed: "abort", code: .decoderCrashed, words: "signal \(SIGABRT)"),
        Row(deed: "leave", code: .decoderCrashed, words: "it ended by itself"),
        Row(deed: "socket", code: .decoderCrashed, words: "forbidden"),
        Row(deed: "fork", code: .decoderCrashed, words: "forbidden"),
        Row(deed: "babble", code: .decoderCrashed, words: "it sent nonsense"),
        Row(deed: "wide", code: .decoderCrashed, words: "of another form"),
        Row(deed: "tall", code: .decoderCrashed, words: "of another form"),
        Row(deed: "channels", code: .decoderCrashed, words: "of another form"),
        Row(deed: "alpha", code: .decoderCrashed, words: "of another form"),
        Row(deed: "bits", code: .decoderCrashed, words: "of another form"),
        Row(deed: "profile", code: .decoderCrashed, words: "of another form"),
        Row(deed: "status", code: .codecFailed, words: "the JPEG XL decoder failed"),
        Row(deed: "eat", code: .memoryExceeded, words: "raise the memory limit"),
    ]

    @Test("A decoder that misbehaves costs one image, and the next one is decoded", arguments: rows)
    func misbehaves(row: Row) throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let error = #expect(throws: ImageError.self) { try WorkerFixture.decode(row.deed, by: pool) }
        #expect(error?.code == row.code)
        #expect(error?.message.contains(row.words) == true, "\(error?.message ?? "")")
        #expect(try WorkerFixture.decode("fine", by: pool) > 1)
    }

    @Test("A decoder without a result in time is ended", arguments: ["sleep", "spin"])
    func hangs(deed: String) throws {
        let patience = DecoderWorkerPool.Patience(
            seconds: 0.1, secondsPerMegapixel: 0, factor: deed == "sleep" ? 0.2 : 600)
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true), patience: patience)
        let error = #expect(throws: ImageError.self) { try WorkerFixture.decode(deed, by: pool) }
        #expect(error?.code == .decoderTimedOut && error?.details["seconds"] == .integer(1))
        let patient = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        #expect(try WorkerFixture.decode("fine", by: patient) > 1)
    }

    @Test(
        "The memory of one image serves the next one, unless it was much",
        // Sanitizers have allocators of their own.
        .enabled(if: ProcessInfo.processInfo.environment["SNUG_SANITIZER"] == nil))
    func keptMemory() throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let first = try WorkerFixture.decode("fill", by: pool, memory: 256 << 20)
        // On a busy machine the next image may come when the memory is given back already.
        let next = try (0..<5).map { _ in try WorkerFixture.decode("fill", by: pool, memory: 256 << 20) }
        #expect(next.contains { $0 < first / 4 }, "\(first), then \(next)")
        let much = try (0..<5).map { _ in try WorkerFixture.decode("overfill", by: pool, memory: 256 << 20) }
        #expect(much.allSatisfy { $0 > first / 4 }, "\(much)")
    }

    @Test(
        "A decoder without work gives its memory back",
        .enabled(if: ProcessInfo.processInfo.environment["SNUG_SANITIZER"] == nil))
    func memoryOfIdleness() async throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let process = try WorkerFixture.decode("fine", by: pool)
        let before = try Self.residentPages(of: process)
        _ = try WorkerFixture.decode("fill", by: pool, memory: 256 << 20)
        for _ in 0..<100 where try Self.residentPages(of: process) > before + 5_000 {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try Self.residentPages(of: process) <= before + 5_000)
        #expect(try WorkerFixture.decode("fine", by: pool) == process, "it lives on")
    }

    private static func residentPages(of process: Int32) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
        let words = text.split(separator: " ")
        return try #require(words.count > 1 ? Int(words[1]) : nil)
    }

    @Test("A cancelled image ends the decoder that works on it")
    func cancelled() throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let flag = CancellationFlag()
        try DetachedThread.start { flag.set() }
        #expect(throws: CancellationError.self) {
            try WorkerFixture.decode("sleep", by: pool, cancellation: flag)
        }
    }

    @Test("No file is opened, and no memory can be run", arguments: ["open", "program"])
    func refused(deed: String) throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        #expect(try WorkerFixture.decode(deed, by: pool) == EPERM)
    }

    @Test("A worker serves image after image, and a new one takes the place of a crashed one")
    func keptWarm() throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let first = try WorkerFixture.decode("fine", by: pool)
        for _ in 0..<20 { #expect(try WorkerFixture.decode("fine", by: pool) == first) }
        #expect(throws: ImageError.self) { try WorkerFixture.decode("crash", by: pool) }
        let second = try WorkerFixture.decode("fine", by: pool)
        #expect(second != first)
        #expect(try WorkerFixture.decode("fine", by: pool) == second)
    }

    @Test("A worker that ended while it waited costs no image")
    func endedWhileWaiting() throws {
        let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
        let first = try WorkerFixture.decode("fine", by: pool)
        kill(first, SIGKILL)
        // Gone, or not yet: both have to do no harm; a worker killed within an image is a crash.
        while true {
            do {
                #expect(try WorkerFixture.decode("fine", by: pool) != first)
                break
            } catch let error as ImageError where error.code == .decoderCrashed { continue }
        }
    }

    @Test("Crashed and released workers leave no zombies behind")
    func noZombies() throws {
        var processes: [Int32] = []
        do {
            let pool = DecoderWorkerPool(worker: try WorkerFixture.worker(faults: true))
            processes.append(try WorkerFixture.decode("fine", by: pool))
            #expect(throws: ImageError.self) { try WorkerFixture.decode("crash", by: pool) }
            processes.append(try WorkerFixture.decode("fine", by: pool))
        }
        // A zombie is still there to be asked.
        for process in processes {
            while kill(process, 0) == 0 { DetachedThread.pause(milliseconds: 1) }
            #expect(errno == ESRCH)
        }
    }

    @Test("Without a program that serves, the format is refused with the remedy")
    func unavailable() throws {
        let rows: [(worker: DecoderWorker?, words: String)] = [
            (nil, "DecoderWorker.serveIfRequested()"),
            (DecoderWorker(executable: "/nowhere/snug"), "cannot be started"),
            (DecoderWorker(executable: "/bin/true"), "does not serve as a decoder process"),
        ]
        for row in rows {
            let error = #expect(throws: ImageError.self) {
                try WorkerFixture.decode("fine", by: DecoderWorkerPool(worker: row.worker))
            }
            #expect(error?.code == .decoderUnavailable && error?.message.contains(row.words) == true)
        }
    }

    @Test("The sandbox of this system is whole, and the libraries are named with their packages")
    func report() throws {
        let report = try SandboxReport(of: WorkerFixture.worker())
        #expect(report.missing.isEmpty && report.inForce.count == 4)
        #expect(report.libraries.map(\.name).sorted() == ["libavif", "libheif", "libjxl", "libtiff"])
        #expect(report.libraries.allSatisfy { $0.version?.first?.isNumber == true && !$0.package.isEmpty })
    }
}
