// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline

/// Runs in which the file system, the engine or the user gets in the way: nothing is half there afterwards.
@Suite struct FitFaultTests {
    private let runs: RunFolder

    init() throws { runs = try RunFolder() }

    /// An engine that makes five bytes of anything.
    private static let five: FitRun.Fit = { _, _, _ in .fake(.bytes([7, 7, 7, 7, 7]), byteCount: 5) }

    /// Every system call of publishing, by name, made to fail with a reason from its n-th use on.
    private static func failing(_ call: String, _ reason: Errno, from number: Int = 1) -> PublishingCalls {
        let uses = Mutex(0)
        let strike = { @Sendable () throws(Errno) in
            let count = uses.withLock { uses in
                uses += 1
                return uses
            }
            if count >= number { throw reason }
        }
        let system = PublishingCalls.system
        var calls = system
        switch call {
        case "makeFolders":
            calls.makeFolders = { path throws(Errno) in
                try strike()
                try system.makeFolders(path)
            }
        case "openFolder":
            calls.openFolder = { path throws(Errno) in
                try strike()
                return try system.openFolder(path)
            }
        case "create":
            calls.create = { folder, name, mode throws(Errno) in
                try strike()
                return try system.create(folder, name, mode)
            }
        case "write":
            calls.write = { file, bytes throws(Errno) in
                try strike()
                return try system.write(file, bytes.prefix(2))
            }
        case "synchronize":
            calls.synchronize = { file throws(Errno) in
                try strike()
                try system.synchronize(file)
            }
        default:
            calls.rename = { folder, from, to, replacing throws(Errno) in
                try strike()
                try system.rename(folder, from, to, replacing)
            }
        }
        return calls
    }

    @Test(
        "Each call that fails is a failure of its file with its reason, and leaves nothing behind",
        arguments: ["makeFolders", "openFolder", "create", "write", "synchronize", "rename"],
        [
            (Errno.noSpace, "disk_full"), (.permissionDenied, "permission_denied"),
            (.readOnlyFileSystem, "permission_denied"), (.ioError, "io_failed"),
        ])
    func calls(call: String, fault: (reason: Errno, code: String)) async throws {
        for name in ["a", "b"] { try runs.folder.write([1], to: "in/\(name).jpg") }
        let outcome = try await runs.run(calls: Self.failing(call, fault.reason), fit: Self.five)
        #expect(outcome.report.count(.failed) == 2)
        for record in outcome.report.failures {
            #expect(record.error?.code.description == fault.code && record.output == nil && record.outputBytes == nil)
            #expect(record.error?.message.contains("; ") == true, "a remedy at its end")
        }
        #expect(runs.outputs().isEmpty)
        // And the same run does all of it once the reason is gone.
        #expect(try await runs.run(fit: Self.five).report.count(.fitted) == 2)
    }

    @Test("A disk that fills up in the middle of a file ends that file, and an output in place keeps its old bytes")
    func fillsUp() async throws {
        try runs.folder.write([1, 2, 3], to: "in/a.jpg")
        let outcome = try await runs.run(
            to: .inPlace, calls: Self.failing("write", .noSpace, from: 2), fit: Self.five,
            change: { $0.policy.format = .keep })
        #expect(outcome.report.failures.map(\.error?.code) == [.diskFull])
        #expect(try runs.folder.bytes(of: "in/a.jpg") == [1, 2, 3])
        #expect(runs.folder.files() == ["in/a.jpg"])
    }

    @Test("An output folder that may only be read fails every file, and says so")
    func readOnlyFolder() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        try runs.folder.write([1], to: "out/keep")
        #expect(try ChildProcess(["/bin/chmod", "755", runs.folder.path.string, runs.path("out").string]).wait() == 0)
        let place = runs.path("out/a.jpg")
        let error = try await onThread(asNobody: true) { () -> ImageError? in
            do {
                _ = try OutputPublisher().publish(PublishedContent(bytes: [1]), to: place, replacing: false)
                return nil
            } catch { return error as? ImageError }
        }
        #expect(error?.code == .permissionDenied && error?.message.contains("out") == true)
        #expect(runs.outputs() == ["keep"])
    }

    @Test(
        "An input that vanishes, grows or is replaced while it is fitted is a failure, never an output of two halves",
        arguments: ["remove", "grow", "replace"])
    func changesWhileFitted(change: String) async throws {
        try runs.folder.write(pattern(300_000), to: "in/a.jpg")
        try runs.folder.write([1], to: "in/b.jpg")
        let runs = runs
        let outcome = try await runs.run(fit: { source, _, _ in
            guard source.byteCount > 1 else { return .fake(.bytes([7]), byteCount: 1) }
            switch change {
            case "remove": try FileSystem.remove(runs.path("in/a.jpg"))
            case "grow": try runs.folder.write(pattern(400_000), to: "in/a.jpg")
            default:
                try FileSystem.remove(runs.path("in/a.jpg"))
                try runs.folder.write(pattern(300_000), to: "in/a.jpg")
            }
            return .fake(.source, byteCount: source.byteCount, status: .copied)
        })
        // An open file that was removed or replaced is still the one that was opened.
        let isWhole = try runs.folder.bytes(of: "out/a.jpg").map { $0 == pattern(300_000) }
        switch outcome.records["in/a.jpg"]?.status {
        case .failed: #expect(isWhole == nil && outcome.report.failures.first?.error?.code == .inputChanged)
        case .copied: #expect(isWhole == true && change != "grow")
        case let other: Issue.record("\(String(describing: other))")
        }
        #expect(outcome.records["in/b.jpg"]?.status == .fitted)
    }

    @Test("Folders with everything in them: each entry has its end, and only images come out")
    func everything() async throws {
        let image = JPEGBuilder().bytes
        for name in ["in/good.jpg", "in/deep/er/good.png"] { try runs.folder.write(image, to: name) }
        try runs.folder.write(Array(image.dropLast(4)), to: "in/cut.jpg")
        try runs.folder.write([], to: "in/empty.jpg")
        try runs.folder.write(Array("Dear Sir".utf8), to: "in/letter.jpg")
        try runs.folder.write(image, toName: Array("in/new\nline.jpg".utf8))
        try runs.folder.write(image, toName: Array("in/x".utf8) + [0xFF] + Array(".jpg".utf8))
        try runs.folder.makePipe("in/pipe.jpg")
        try runs.folder.makeLink("in/link.jpg", to: "good.jpg")
        try runs.folder.makeLink("in/loop", to: ".")
        let outcome = try await runs.run()
        #expect(
            outcome.report.skipReasons == [.empty: 1, .notAnImage: 1, .notARegularFile: 1, .symbolicLink: 2])
        #expect(outcome.report.count(.failed) == 1 && outcome.records["in/cut.jpg"]?.status == .failed)
        #expect(outcome.report.count(.copied) == 4)
        #expect(try runs.folder.bytes(of: "out/deep/er/good.jpg") == image)
        #expect(runs.outputs().contains("new\nline.jpg") && runs.outputs().count == 4)
        // Bytes that are no UTF-8 are in the record, and the output has them.
        let odd = try #require(outcome.records.values.first { $0.jsonLine.contains("input_hex") })
        #expect(odd.output?.bytes.suffix(6).elementsEqual([0x78, 0xFF, 0x2E, 0x6A, 0x70, 0x67]) == true)
        #expect(odd.jsonLine.contains("output_hex"))
    }

    @Test("Names at the limit of the file system come out, and none is longer")
    func longNames() async throws {
        let stem = String(repeating: "n", count: 251)
        for name in ["in/\(stem).jpg", "in/\(stem).png"] { try runs.folder.write(PNGBuilder().bytes, to: name) }
        let outcome = try await runs.run { $0.policy.format = .jpeg }
        #expect(outcome.report.count(.fitted) == 2 && runs.outputs().count == 2)
        #expect(runs.outputs().allSatisfy { $0.utf8.count <= 255 && $0.hasSuffix(".jpg") })
    }

    @Test("Two runs on one folder at once make each output once, and every one whole", arguments: [false, true])
    func together(isRemembered: Bool) async throws {
        for number in 0..<30 { try runs.folder.write([UInt8(number)], to: "in/\(number).jpg") }
        let memory = InMemoryOutputs()
        let fit: FitRun.Fit = { source, _, _ in
            let first = try source.bytes(at: 0, count: 1)
            await Task.yield()
            return .fake(.bytes(Array(repeating: first.first ?? 0, count: 70_000)), byteCount: 70_000)
        }
        let runs = runs
        let reports = try await withThrowingTaskGroup(of: FitReport.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await runs.run(fit: fit) { if isRemembered { $0.memory = memory } }.report
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(reports.reduce(0) { $0 + $1.count(.failed) } == 0)
        #expect(reports.reduce(0) { $0 + $1.count(.fitted) } >= 30)
        #expect(reports.allSatisfy { $0.count(.fitted) + $0.count(.skipped) == 30 })
        #expect(runs.outputs().count == 30)
        for number in 0..<30 {
            let bytes = try #require(try runs.folder.bytes(of: "out/\(number).jpg"))
            #expect(bytes.count == 70_000 && bytes.allSatisfy { $0 == number })
        }
    }

    @Test("Cancelled at any step, a run leaves whole outputs only, and the next run makes the rest", arguments: 0..<6)
    func cancelledAnywhere(step: Int) async throws {
        for number in 0..<6 { try runs.folder.write([1], to: "in/\(number).jpg") }
        let memory = InMemoryOutputs()
        let task = Mutex<Task<Void, any Error>?>(nil)
        let begun = Mutex(0)
        let runs = runs
        let fit: FitRun.Fit = { _, _, _ in
            let number = begun.withLock { begun in
                defer { begun += 1 }
                return begun
            }
            if number == step { task.withLock { $0?.cancel() } }
            return .fake(.bytes(Array(repeating: 7, count: 5_000_000)), byteCount: 5_000_000)
        }
        let ready = Mutex(false)
        let running = Task {
            while !ready.withLock({ $0 }) { await Task.yield() }
            _ = try await runs.run(fit: fit) {
                $0.memory = memory
                $0.maximumConcurrency = 1
            }
        }
        task.withLock { $0 = running }
        ready.withLock { $0 = true }
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(!runs.folder.files().contains { $0.contains(".snug-") })
        let made = runs.outputs()
        for name in made { #expect(try runs.folder.bytes(of: "out/\(name)")?.count == 5_000_000) }
        let again = try await runs.run(fit: Self.five) { $0.memory = memory }
        #expect(
            again.report.count(.fitted) == 6 - made.count && again.report.skipReasons[.done, default: 0] == made.count)
    }

    @Test("What killed runs left is swept a day later, from every folder that gets an output, and from no other")
    func sweeps() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        try runs.folder.write([1], to: "in/sub/b.jpg")
        let left = ["out/.snug-abcdefghijklmnop", "out/sub/.snug-0123456789abcdef", "out/other/.snug-abcdefghijklmnop"]
        let kept = ["out/.snug-mine", "out/sub/photo.snug-abcdefghijklmnop"]
        for name in left + kept { try runs.folder.write([1], to: name) }
        let found = try InputWalk().files(for: [runs.path("in")]).files
        let names = OutputNaming.names(for: found.map(\.relative), formats: [.jpeg])
        let work = zip(found, names).map { NamedInput(file: $0, path: $0.path, names: $1) }
        let request = FitRequest(inputs: [runs.path("in")], destination: .folder(runs.path("out")))
        let run = FitRun(request, publisher: OutputPublisher(), fit: Self.five)
        try await run.sweep(work)
        #expect(Set(left + kept).isSubset(of: runs.folder.files()))
        try await run.sweep(work, now: WallClock.seconds + 90_000)
        #expect(
            runs.outputs().sorted() == [
                ".snug-mine", "other/.snug-abcdefghijklmnop", "sub/photo.snug-abcdefghijklmnop",
            ])
    }
}
