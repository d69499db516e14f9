// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Whole runs over a fake engine: naming, skipping, publishing and cancelling.
@Suite struct FitRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    /// Runs with a fake engine.
    @discardableResult
    private func run(
        _ inputs: [String], destination: FitRequest.Destination? = nil, calls: PublishingCalls = .system, jobs: Int = 2,
        fit: @escaping FitRun.Fit = { _, _, _ in .fake(.bytes([7, 7, 7, 7, 7]), byteCount: 5) },
        change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> FitReport {
        var request = FitRequest(
            inputs: inputs.map(path), destination: destination ?? .folder(path("out")), maximumConcurrency: jobs)
        change(&request)
        return try await FitRun(request, publisher: OutputPublisher(FilePublisher(calls: calls)), fit: fit).run()
    }

    @Test("A folder comes out mirrored, each file under its name")
    func mirrors() async throws {
        for name in ["in/a.jpg", "in/b.png", "in/sub/c.jpeg", "in/sub/b.jpg"] { try folder.write([1], to: name) }
        let summary = try await run(["in"])
        #expect(summary.count(.fitted) == 4)
        #expect(
            folder.files().filter { $0.hasPrefix("out/") } == [
                "out/a.jpg", "out/b.jpg", "out/sub/b.jpg", "out/sub/c.jpeg",
            ])
    }

    @Test("A second run does only what is new, and --overwrite does all")
    func runsAgain() async throws {
        try folder.write([1], to: "in/a.png")
        try await run(["in"])
        try folder.write([1], to: "in/b.png")
        let again = try await run(["in"])
        #expect(again.count(.skipped) == 1 && again.count(.fitted) == 1)
        let all = try await run(["in"], change: { $0.overwriting = .always })
        #expect(all.count(.fitted) == 2)
    }

    @Test("Two inputs of one stem come out apart")
    func collisions() async throws {
        for name in ["in/a.jpg", "in/a.png"] { try folder.write([1], to: name) }
        try await run(["in"])
        #expect(folder.files().filter { $0.hasPrefix("out/") } == ["out/a.jpg", "out/a.png.jpg"])
    }

    @Test("What complies is copied byte for byte")
    func copies() async throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        try folder.write(bytes, to: "in/a.jpg")
        let summary = try await run(["in"]) { source, _, _ in
            .fake(.source, byteCount: source.byteCount, status: .copied)
        }
        #expect(summary.count(.copied) == 1)
        #expect(try folder.bytes(of: "out/a.jpg") == bytes)
    }

    @Test("One bad file does not stop the others; what is no image is skipped in a folder and fails when named")
    func badFiles() async throws {
        for name in ["in/a.jpg", "in/notes.txt", "in/bad.jpg"] { try folder.write([1], to: name) }
        let fit: FitRun.Fit = { _, _, _ in throw ImageError(.notAnImage, "is no image") }
        let walked = try await run(["in"], fit: fit)
        #expect(walked.count(.skipped) == 3 && walked.count(.failed) == 0)
        let named = try await run(["in/notes.txt"], fit: fit)
        #expect(named.count(.failed) == 1)
        let unsupported = try await run(["in"]) { _, _, _ in throw ImageError(.unsupportedFormat, "is a WebP") }
        #expect(unsupported.count(.failed) == 3)
    }

    @Test("In place, a file is replaced, keeps its permissions, and is left alone where it complies")
    func inPlace() async throws {
        try folder.write([1, 2, 3], to: "a.jpg")
        try await run(["a.jpg"], destination: .inPlace) { _, _, _ in .fake(.source, byteCount: 3, status: .copied) }
        #expect(try folder.bytes(of: "a.jpg") == [1, 2, 3])
        try await run(["a.jpg"], destination: .inPlace)
        #expect(try folder.bytes(of: "a.jpg") == [7, 7, 7, 7, 7])
        #expect(folder.files() == ["a.jpg"])
    }

    @Test("An output never replaces its own input")
    func ownInput() async throws {
        try folder.write([1, 2, 3], to: "a.jpg")
        let summary = try await run(["a.jpg"], destination: .folder(folder.path), change: { $0.overwriting = .always })
        #expect(summary.failures.map(\.error?.code) == [.invalidArgument])
        #expect(try folder.bytes(of: "a.jpg") == [1, 2, 3])
    }

    @Test("A full disk fails each file with its words and leaves no half of one")
    func fullDisk() async throws {
        for name in ["in/a.jpg", "in/b.jpg"] { try folder.write([1], to: name) }
        var calls = PublishingCalls.system
        calls.write = { _, _ throws(Errno) in throw .noSpace }
        let summary = try await run(["in"], calls: calls)
        #expect(summary.failures.map(\.error?.code) == [.diskFull, .diskFull])
        #expect(!folder.files().contains { $0.hasPrefix("out/") })
    }

    @Test("A name that somebody takes in the meantime is not overwritten")
    func raceForAName() async throws {
        try folder.write([1], to: "in/a.jpg")
        let folder = folder
        let summary = try await run(["in"]) { _, _, _ in
            try folder.write([9], to: "out/a.jpg")
            return .fake(.bytes([7]), byteCount: 1)
        }
        #expect(summary.skipReasons == [.outputExists: 1])
        #expect(try folder.bytes(of: "out/a.jpg") == [9])
    }

    @Test("An input that vanishes is a failure with a reason")
    func vanished() async throws {
        try folder.write([1], to: "in/a.jpg")
        let summary = try await run(["in/gone.jpg", "in/a.jpg"])
        #expect(summary.failures.map(\.error?.code) == [.notFound])
        #expect(summary.count(.fitted) == 1)
    }

    @Test("No more than a few files more than jobs are open at once")
    func bounded() async throws {
        for number in 0..<40 { try folder.write([1], to: "in/\(number).jpg") }
        let counts = Mutex((now: 0, most: 0))
        let summary = try await run(["in"], jobs: 3) { _, _, _ in
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
            await Task.yield()
            counts.withLock { $0.now -= 1 }
            return .fake(.bytes([7]), byteCount: 1)
        }
        #expect(summary.count(.fitted) == 40)
        #expect(counts.withLock { $0.most } <= 5)
    }

    @Test("Cancelling ends a run, and leaves only whole files")
    func cancels() async throws {
        for number in 0..<20 { try folder.write([1], to: "in/\(number).jpg") }
        let started = Mutex(0)
        let task = Task { [self] in
            try await run(["in"], jobs: 1) { _, _, _ in
                let number = started.withLock { started in
                    started += 1
                    return started
                }
                if number > 5 {
                    // Waits for the cancellation, as an engine at work does.
                    try await Task.sleep(for: .seconds(600))
                }
                return .fake(.bytes([7]), byteCount: 1)
            }
        }
        while started.withLock({ $0 }) <= 5 { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!folder.files().contains { $0.contains(".snug-") })
        #expect(started.withLock { $0 } < 20)
    }

    @Test("A plan writes nothing")
    func plans() async throws {
        try folder.write([1], to: "in/a.jpg")
        try await run(["in"], change: { $0.isDryRun = true })
        #expect(folder.files() == ["in/a.jpg"])
    }

    @Test("Events come in order: what there is, then each end, with the bytes that were announced")
    func events() async throws {
        for name in ["in/a.jpg", "in/b.jpg", "in/c.txt"] { try folder.write([1, 2], to: name) }
        let seen = Mutex<[String]>([])
        let request = FitRequest(inputs: [path("in")], destination: .folder(path("out")), maximumConcurrency: 1)
        let run = FitRun(request, publisher: OutputPublisher()) { _, _, _ in .fake(.bytes([7]), byteCount: 1) }
        let report = try await run.run { event in
            seen.withLock { seen in
                switch event {
                case .notice(let text): seen.append(text)
                case .began(let count, let bytes): seen.append("began \(count) \(bytes)")
                case .finished(let record, let bytes): seen.append("\(record.status) \(bytes)")
                case .interrupted(let record): seen.append("interrupted \(record.input)")
                }
            }
        }
        #expect(seen.withLock { $0 } == ["began 3 6", "fitted 2", "fitted 2", "fitted 2"])
        #expect(report.count(.fitted) == 3)
    }

    @Test("A cancelled run tells the end of every input that it did not finish, and ends by CancellationError")
    func interrupted() async throws {
        for name in ["in/a.jpg", "in/b.jpg", "in/c.jpg", "in/d.jpg", "in/e.jpg"] { try folder.write([1], to: name) }
        let request = FitRequest(inputs: [path("in")], destination: .folder(path("out")), maximumConcurrency: 1)
        let hasBegun = Mutex(false)
        let run = FitRun(request, publisher: OutputPublisher()) { source, _, _ in
            if try source.bytes(at: 0, count: 1) == [1],
                hasBegun.withLock({ first in
                    defer { first = true }; return first
                })
            {
                try await Task.sleep(for: .seconds(60))
            }
            return .fake(.bytes([7]), byteCount: 1)
        }
        let records = Mutex<[FitRecord]>([])
        let task = Task {
            try await run.run { event in
                switch event {
                case .finished(let record, _), .interrupted(let record): records.withLock { $0.append(record) }
                default: break
                }
            }
        }
        while records.withLock({ $0.isEmpty }) { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let ended = records.withLock { $0 }
        #expect(Set(ended.map(\.input)).count == 5 && ended.count == 5)
        #expect(ended.count { $0.status == .fitted } == 1)
        #expect(ended.count { $0.error?.code == .interrupted && $0.output == nil } == 4)
        #expect(folder.files().filter { $0.hasPrefix("out/") }.count == 1)
    }

    @Test("Cancelled while folders are read, every input is told as it was named, once")
    func interruptedWalk() async throws {
        for name in ["in/a.jpg", "b.jpg"] { try folder.write([1], to: name) }
        let inputs = [path("b.jpg"), path("in"), path("b.jpg")]
        let request = FitRequest(inputs: inputs, destination: .folder(path("out")))
        let run = FitRun(request, publisher: OutputPublisher()) { _, _, _ in .fake(.bytes([7]), byteCount: 1) }
        let records = Mutex<[FitRecord]>([])
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await run.run { if case .interrupted(let record) = $0 { records.withLock { $0.append(record) } } }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let ended = records.withLock { $0 }
        #expect(ended.map(\.input) == [path("b.jpg"), path("in")])
        #expect(ended.allSatisfy { $0.status == .failed && $0.error?.code == .interrupted })
    }

    @Test("An error of the event handler stops the run and is thrown")
    func handlerStops() async throws {
        struct Enough: Error {}
        for number in 0..<30 { try folder.write([1], to: "in/\(number).jpg") }
        let request = FitRequest(inputs: [path("in")], destination: .folder(path("out")), maximumConcurrency: 1)
        let run = FitRun(request, publisher: OutputPublisher()) { _, _, _ in .fake(.bytes([7]), byteCount: 1) }
        await #expect(throws: Enough.self) {
            try await run.run { if case .finished = $0 { throw Enough() } }
        }
        #expect(folder.files().filter { $0.hasPrefix("out/") }.count < 30)
    }

    @Test("One output goes to the file that is named, and is left alone the second time")
    func namedOutput() async throws {
        try folder.write([1], to: "a.png")
        let first = try await run(["a.png"], destination: .file(path("out/small.jpg")))
        #expect(first.count(.fitted) == 1)
        #expect(folder.files() == ["a.png", "out/small.jpg"])
        let second = try await run(["a.png"], destination: .file(path("out/small.jpg")))
        #expect(second.count(.skipped) == 1)
        let own = try await run(["a.png"], destination: .file(path("a.png")), change: { $0.overwriting = .always })
        #expect(own.failures.map(\.error?.code) == [.invalidArgument])
    }

    @Test("An image goes from a pipe to a pipe")
    func pipes() async throws {
        let (input, output) = (try FileDescriptor.pipe(), try FileDescriptor.pipe())
        try input.writeEnd.writeBytes([1, 2, 3])
        try input.writeEnd.close()
        var request = FitRequest(inputs: ["-"], destination: .stream(output.writeEnd), maximumConcurrency: 1)
        request.standardInput = input.readEnd
        let report = try await FitRun(request, publisher: OutputPublisher()) { source, _, _ in
            let bytes = try source.bytes(at: 0, count: source.byteCount)
            return .fake(.bytes(bytes + [4]), byteCount: 4)
        }.run()
        try output.writeEnd.close()
        #expect(report.count(.fitted) == 1)
        #expect(try output.readEnd.readBytes(maximum: 10) == [1, 2, 3, 4])
    }
}
