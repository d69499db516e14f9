// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// Runs that remember their outputs: done means made of the same file with the same options.
@Suite struct RememberedRunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    /// A memory in a ledger's file, opened anew as another process would.
    private var memory: LedgerOutputs { LedgerOutputs(path("state/ledger.sqlite")) }

    /// Runs with an engine that writes the input's first byte, as a JPEG or as the format of the request.
    @discardableResult
    private func run(
        _ inputs: [String], to out: String = "out", memory: (any OutputMemory)? = nil,
        fit: @escaping FitRun.Fit = { source, _, policy in
            .fake(
                .bytes(try source.bytes(at: 0, count: 1) + [9]), byteCount: 2,
                format: policy.format == .png ? .png : .jpeg)
        },
        change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> FitReport {
        var request = FitRequest(inputs: inputs.map(path), destination: .folder(path(out)), maximumConcurrency: 2)
        let ledger = self.memory
        request.memory = memory ?? ledger
        change(&request)
        let report = try await FitRun(request, publisher: OutputPublisher(FilePublisher()), fit: fit).run()
        await ledger.close()
        return report
    }

    private func outputs(_ out: String = "out") -> [String] { folder.files().filter { $0.hasPrefix(out + "/") } }

    @Test("The same run again does nothing, and says why")
    func again() async throws {
        for name in ["in/a.jpg", "in/sub/b.jpg"] { try folder.write([1], to: name) }
        #expect(try await run(["in"]).count(.fitted) == 2)
        let report = try await run(["in"])
        #expect(report.count(.skipped) == 2 && report.skipReasons == [.done: 2])
        let forced = try await run(["in"], change: { $0.fitsAgain = true })
        #expect(forced.count(.fitted) == 2)
    }

    @Test("Two inputs of one name, in two runs, get two outputs")
    func twoFolders() async throws {
        try folder.write([1], to: "d1/IMG.jpg")
        try folder.write([2], to: "d2/IMG.jpg")
        try await run(["d1/IMG.jpg"])
        #expect(try await run(["d2/IMG.jpg"]).count(.fitted) == 1)
        #expect(outputs() == ["out/IMG-2.jpg", "out/IMG.jpg"])
        #expect(try folder.bytes(of: "out/IMG.jpg") == [1, 9])
        #expect(try folder.bytes(of: "out/IMG-2.jpg") == [2, 9])
        // And each keeps its own, together or alone, in any order.
        #expect(try await run(["d2/IMG.jpg", "d1/IMG.jpg"]).skipReasons == [.done: 2])
        #expect(try await run(["d2/IMG.jpg"]).skipReasons == [.done: 1])
    }

    /// Fits what comes by a pipe.
    private func pipe(
        _ bytes: [UInt8], change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> (report: FitReport, outputs: [String]) {
        let (reading, writing) = try FileDescriptor.pipe()
        defer { reading.closeIgnoringErrors() }
        try writing.writeBytes(bytes)
        try writing.close()
        let report = try await run(
            [],
            change: {
                ($0.inputs, $0.standardInput, $0.maximumStandardInputBytes) = (["-"], reading, 100)
                change(&$0)
            })
        return (report, outputs())
    }

    @Test("Images that come by pipes are known by their content: done, or an output of their own")
    func pipes() async throws {
        let first = try await pipe([1, 2])
        #expect(first.report.count(.fitted) == 1 && first.outputs == ["out/stdin.jpg"])
        #expect(try await pipe([1, 2]).report.skipReasons == [.done: 1])
        #expect(try await pipe([1, 2], change: { $0.isDryRun = true }).report.skipReasons == [.done: 1])
        let second = try await pipe([3])
        #expect(second.report.count(.fitted) == 1 && second.outputs == ["out/stdin-2.jpg", "out/stdin.jpg"])
        #expect(try folder.bytes(of: "out/stdin.jpg") == [1, 9])
        #expect(try folder.bytes(of: "out/stdin-2.jpg") == [3, 9])
        #expect(try await pipe([3]).report.skipReasons == [.done: 1])
        // With other options it is made in its place.
        let tighter = try await pipe([3], change: { $0.limits.byteLimit = 5_000 })
        #expect(tighter.report.count(.fitted) == 1 && tighter.outputs.count == 2)
        // A name whose output was taken away is free.
        try FileSystem.remove(path("out/stdin.jpg"))
        #expect(try await pipe([5]).outputs == ["out/stdin-2.jpg", "out/stdin.jpg"])
        #expect(try folder.bytes(of: "out/stdin.jpg") == [5, 9])
    }

    @Test("A pipe takes the name that is given, again and again, and no file of somebody else's")
    func namedPipes() async throws {
        let named: (inout FitRequest) -> Void = { [path] in $0.destination = .file(path("out/x.jpg")) }
        for byte: UInt8 in [1, 2] {
            #expect(try await pipe([byte], change: named).report.count(.fitted) == 1)
            #expect(try folder.bytes(of: "out/x.jpg") == [byte, 9])
        }
        #expect(try await pipe([2], change: named).report.skipReasons == [.done: 1])
        try folder.write([7], to: "out/stdin.jpg")
        let report = try await pipe([4], change: { $0.overwriting = .older }).report
        #expect(report.skipReasons == [.outputExists: 1])
        let long = try await pipe([UInt8](repeating: 1, count: 101), change: named).report
        #expect(long.failures.map(\.error?.code) == [.limitExceeded])
    }

    @Test("An input that is added later hides no other")
    func addedLater() async throws {
        try folder.write([1], to: "in/a.png")
        try await run(["in"])
        #expect(outputs() == ["out/a.jpg"])
        try folder.write([2], to: "in/a.jpg")
        let report = try await run(["in"])
        #expect(report.count(.fitted) == 1 && report.skipReasons == [.done: 1])
        #expect(outputs() == ["out/a.jpg", "out/a.jpg.jpg"])
        #expect(try folder.bytes(of: "out/a.jpg") == [1, 9])
        #expect(try folder.bytes(of: "out/a.jpg.jpg") == [2, 9])
    }

    @Test("A replaced source is fitted again, under its name")
    func replacedSource() async throws {
        try folder.write([1], to: "in/a.jpg")
        try await run(["in"])
        try folder.write([2, 2], to: "in/a.jpg")
        #expect(try await run(["in"]).count(.fitted) == 1)
        #expect(outputs() == ["out/a.jpg"])
        #expect(try folder.bytes(of: "out/a.jpg") == [2, 9])
    }

    @Test("Other options make another output in its place")
    func otherOptions() async throws {
        try folder.write([1], to: "in/a.jpg")
        try await run(["in"])
        #expect(try await run(["in"], change: { $0.limits.byteLimit = 5_000 }).count(.fitted) == 1)
        #expect(try await run(["in"], change: { $0.limits.byteLimit = 5_000 }).skipReasons == [.done: 1])
        #expect(try await run(["in"], change: { $0.policy.metadata = .keep }).count(.fitted) == 1)
        #expect(outputs() == ["out/a.jpg"])
    }

    @Test("A file of somebody else's is left alone and told, replaced when asked, or when it is older")
    func conflicts() async throws {
        try folder.write([1], to: "in/a.jpg")
        try folder.write([7], to: "out/a.jpg")
        #expect(try await run(["in"]).skipReasons == [.outputExists: 1])
        #expect(try folder.bytes(of: "out/a.jpg") == [7])
        #expect(try await run(["in"], change: { $0.overwriting = .older }).skipReasons == [.outputExists: 1])
        try folder.write([1, 1], to: "in/a.jpg")
        #expect(try await run(["in"], change: { $0.overwriting = .older }).count(.fitted) == 1)
        // An output that somebody changed is theirs.
        try folder.write([8, 8, 8], to: "out/a.jpg")
        #expect(try await run(["in"]).skipReasons == [.outputExists: 1])
        #expect(try await run(["in"], change: { $0.overwriting = .always }).count(.fitted) == 1)
        #expect(try folder.bytes(of: "out/a.jpg") == [1, 9])
    }

    @Test("Of two runs at once, the one that comes second does not forget what the first has made", arguments: [1, 2])
    func twoRuns(files: Int) async throws {
        for number in 0..<files { try folder.write([UInt8(number)], to: "in/\(number).jpg") }
        let isFirst = Mutex(true)
        let late = try await run(
            ["in"],
            fit: { source, _, _ in
                if isFirst.withLock({ first in
                    defer { first = false }; return first
                }) {
                    // Everything is decided; another process makes all of it now.
                    #expect(try await run(["in"]).count(.failed) == 0)
                }
                return .fake(.bytes(try source.bytes(at: 0, count: 1) + [9]), byteCount: 2, format: .jpeg)
            }, change: { $0.maximumConcurrency = 1 })
        #expect(late.count(.failed) == 0 && late.count(.skipped) >= 1)
        let again = try await run(["in"])
        #expect(again.skipReasons == [.done: files], "\(again.skipReasons)")
    }

    @Test("An output that was removed is made again")
    func removed() async throws {
        try folder.write([1], to: "in/a.jpg")
        try await run(["in"])
        try FileSystem.remove(path("out/a.jpg"))
        #expect(try await run(["in"]).count(.fitted) == 1)
    }

    @Test("What a killed run has made is known, and what it replaced is made again")
    func killed() async throws {
        for name in ["in/a.jpg", "in/b.jpg"] { try folder.write([1], to: name) }
        // A memory that keeps what is claimed, and is gone before anything is recorded as made.
        let memory = InterruptedMemory(wrapped: self.memory)
        try await run(["in"], memory: memory)
        #expect(try await run(["in"]).skipReasons == [.done: 2])
        // The same, but for other options: the outputs in place are of the old ones.
        let second = InterruptedMemory(wrapped: self.memory)
        let broken: FitRun.Fit = { _, _, _ in throw ImageError(.ioFailed, "the disk is gone") }
        #expect(
            try await run(["in"], memory: second, fit: broken, change: { $0.limits.byteLimit = 100 }).count(.failed)
                == 2)
        #expect(try await run(["in"], change: { $0.limits.byteLimit = 100 }).count(.fitted) == 2)
    }

    @Test("An input that fails leaves its earlier output known")
    func failure() async throws {
        try folder.write([1], to: "in/a.jpg")
        try await run(["in"])
        let broken = try await run(["in"], fit: { _, _, _ in throw ImageError(.corruptInput, "is damaged") }) {
            $0.limits.byteLimit = 77
        }
        #expect(broken.count(.failed) == 1)
        #expect(try await run(["in"]).skipReasons == [.done: 1])
    }

    @Test("A plan claims nothing")
    func dryRun() async throws {
        try folder.write(JPEGBuilder().bytes, to: "in/a.jpg")
        let plan = try await run(["in"], change: { $0.isDryRun = true })
        #expect(plan.count(.copied) == 1)
        #expect(try await LedgerOutputs(path("state/ledger.sqlite")).outputs(in: path("out")).isEmpty)
        #expect(try await run(["in"]).count(.fitted) == 1)
        #expect(try await run(["in"], change: { $0.isDryRun = true }).skipReasons == [.done: 1])
    }

    @Test("A memory that cannot be opened is told, and nothing is overwritten")
    func noMemory() async throws {
        try folder.write([1], to: "in/a.jpg")
        try folder.write([0], to: "state")
        #expect(try await run(["in"]).count(.fitted) == 1)
        #expect(try await run(["in"]).skipReasons == [.outputExists: 1])
    }

    @Test("Names by a pattern are filled in, and known again")
    func patterns() async throws {
        try folder.write([1], to: "in/a.png")
        let template = try OutputNameTemplate(pattern: Array("{stem}-{width}.{ext}".utf8))
        #expect(try await run(["in"], change: { $0.nameTemplate = template }).count(.fitted) == 1)
        let name = try #require(outputs().first)
        #expect(name.hasPrefix("out/a-") && name.hasSuffix(".jpg") && !name.contains("{"))
        #expect(try await run(["in"], change: { $0.nameTemplate = template }).skipReasons == [.done: 1])
        let suffix = try OutputNameTemplate(suffix: Array("-small".utf8))
        #expect(try await run(["in"], change: { $0.nameTemplate = suffix }).count(.fitted) == 1)
        #expect(try await run(["in"]).count(.fitted) == 1)
        #expect(outputs().contains("out/a-small.jpg") && outputs().contains("out/a.jpg"))
        for bad in ["x.{ext}", "{stem}.jpg", "{stem}/{width}.{ext}", "{stem}-{colour}.{ext}"] {
            #expect(throws: ImageError.self, "\(bad)") { try OutputNameTemplate(pattern: Array(bad.utf8)) }
        }
    }

    /// Keeps the first update only, as a process does that is killed after it.
    private actor InterruptedMemory: OutputMemory {
        private let wrapped: LedgerOutputs
        private var updates = 0

        init(wrapped: LedgerOutputs) { self.wrapped = wrapped }

        func outputs(in folder: FilePath) async throws -> [RememberedOutput] { try await wrapped.outputs(in: folder) }

        func update(_ folder: FilePath, keeping: [RememberedOutput], forgetting: [FilePath]) async throws {
            updates += 1
            guard updates == 1 else { return }
            try await wrapped.update(folder, keeping: keeping, forgetting: forgetting)
            await wrapped.close()
        }
    }
}
