// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugPipeline
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

/// An output that exists is not an output that is done: by table, with what happens to each.
@Suite struct ExistingOutputTests {
    private let runs: RunFolder
    private let memory = InMemoryOutputs()
    private let calls = Counter()

    init() throws { runs = try RunFolder() }

    /// The images that the last run has fitted.
    private final class Counter: Sendable {
        private let number = Mutex(0)
        var value: Int { number.withLock { $0 } }
        func reset() { number.withLock { $0 = 0 } }
        func add() { number.withLock { $0 += 1 } }
    }

    /// Writes the input's first byte, and counts its calls.
    private func run(
        _ inputs: [String] = ["in"], change: (inout FitRequest) -> Void = { _ in }
    ) async throws -> RunFolder.Outcome {
        let (calls, memory) = (calls, memory)
        calls.reset()
        return try await runs.run(
            inputs,
            fit: { source, _, policy in
                calls.add()
                let first = try source.bytes(at: 0, count: 1)
                return .fake(.bytes(first + [9]), byteCount: 2, format: policy.format == .png ? .png : .jpeg)
            }
        ) {
            $0.memory = memory
            change(&$0)
        }
    }

    private func age(_ name: String, seconds: Int) throws {
        let file = try FileDescriptor.open(runs.path(name), .readOnly)
        try file.closeAfter { try FileAttributesProbe.set(file, mode: 0o644, modified: seconds) }
    }

    /// A change between two runs.
    enum Change: String, CaseIterable, Sendable {
        case nothing, touched, replaced, replacedWithTimeRestored, grown, permissions, outputRemoved, outputChanged,
            outputTouched, outputReplacedByFolder, renamed, copiedElsewhere
    }

    private func apply(_ change: Change) throws {
        switch change {
        case .nothing: break
        case .touched: try age("in/a.jpg", seconds: 1_500_000_000)
        case .replaced:
            try FileSystem.remove(runs.path("in/a.jpg"))
            try runs.folder.write([2], to: "in/a.jpg")
        case .replacedWithTimeRestored:
            try runs.folder.write([2], to: "in/a.jpg")
            try age("in/a.jpg", seconds: 1_400_000_000)
        case .grown: try runs.folder.write([2, 2], to: "in/a.jpg")
        case .permissions: #expect(try ChildProcess(["/bin/chmod", "600", runs.path("in/a.jpg").string]).wait() == 0)
        case .outputRemoved: try FileSystem.remove(runs.path("out/a.jpg"))
        case .outputChanged: try runs.folder.write([5, 5, 5], to: "out/a.jpg")
        case .outputTouched:
            #expect(try ChildProcess(["/bin/chmod", "600", runs.path("out/a.jpg").string]).wait() == 0)
        case .outputReplacedByFolder:
            try FileSystem.remove(runs.path("out/a.jpg"))
            try runs.folder.write([5], to: "out/a.jpg/x")
        case .renamed:
            #expect(
                try ChildProcess(["/bin/mv", runs.path("in/a.jpg").string, runs.path("in/b.jpg").string]).wait() == 0)
        case .copiedElsewhere: try runs.folder.write([1], to: "in/sub/a.jpg")
        }
    }

    /// The ends of the inputs, and what is at `out/a.jpg`.
    struct Expectation: Sendable {
        var change: Change
        var ends: [String: String]
        var bytes: [UInt8]?
    }

    static let expectations = [
        Expectation(change: .nothing, ends: ["in/a.jpg": "done"], bytes: [1, 9]),
        // Another time may mean other content, and nothing is read to find out: it is made again.
        Expectation(change: .touched, ends: ["in/a.jpg": "fitted"], bytes: [1, 9]),
        Expectation(change: .replaced, ends: ["in/a.jpg": "fitted"], bytes: [2, 9]),
        Expectation(change: .replacedWithTimeRestored, ends: ["in/a.jpg": "fitted"], bytes: [2, 9]),
        Expectation(change: .grown, ends: ["in/a.jpg": "fitted"], bytes: [2, 9]),
        Expectation(change: .permissions, ends: ["in/a.jpg": "fitted"], bytes: [1, 9]),
        Expectation(change: .outputRemoved, ends: ["in/a.jpg": "fitted"], bytes: [1, 9]),
        Expectation(change: .outputChanged, ends: ["in/a.jpg": "output_exists"], bytes: [5, 5, 5]),
        Expectation(change: .outputTouched, ends: ["in/a.jpg": "done"], bytes: [1, 9]),
        Expectation(change: .outputReplacedByFolder, ends: ["in/a.jpg": "output_exists"], bytes: nil),
        Expectation(change: .renamed, ends: ["in/b.jpg": "fitted"], bytes: [1, 9]),
        Expectation(change: .copiedElsewhere, ends: ["in/a.jpg": "done", "in/sub/a.jpg": "fitted"], bytes: [1, 9]),
    ]

    @Test("After a change the same run does what is needed, and no more", arguments: expectations)
    func changes(expectation: Expectation) async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        try age("in/a.jpg", seconds: 1_400_000_000)
        _ = try await run()
        try apply(expectation.change)
        let outcome = try await run()
        let ends = outcome.records.mapValues { $0.skipReason?.rawValue ?? $0.status.rawValue }
        #expect(ends == expectation.ends, "\(expectation.change)")
        #expect(calls.value == ends.values.count { $0 == "fitted" }, "nothing else is opened")
        if let bytes = expectation.bytes { #expect(try runs.folder.bytes(of: "out/a.jpg") == bytes) }
        // And a third run has nothing left to do.
        let third = try await run()
        #expect(third.report.count(.fitted) == 0 && calls.value == 0)
    }

    @Test("Every kind of option makes outputs again once, and the old ones again after that", arguments: 0..<5)
    func options(kind: Int) async throws {
        let changes: [@Sendable (inout FitRequest) -> Void] = [
            { $0.limits.byteLimit = 5_000 }, { $0.limits.maximumSide = 10 }, { $0.policy.qualityFloor = 70 },
            { $0.policy.metadata = .init(kinds: [.icc]) }, { $0.policy.strategy = .stepped },
        ]
        for number in 0..<4 { try runs.folder.write([UInt8(number)], to: "in/\(number).jpg") }
        for (change, fitted) in [(false, 4), (true, 4), (true, 0), (false, 4), (false, 0)] {
            let outcome = try await run { if change { changes[kind](&$0) } }
            #expect(outcome.report.count(.fitted) == fitted)
            #expect(runs.outputs().count == 4)
        }
    }

    @Test(
        "A file that Snug did not make is kept, replaced, or replaced when it is older than its input",
        arguments: [
            (.never, 2_000, false), (.never, 1_000, false), (.always, 2_000, true), (.always, 1_000, true),
            (.older, 2_000, false), (.older, 1_500, false), (.older, 1_499, true), (.older, 1_000, true),
        ] as [(FitRequest.Overwriting, Int, Bool)])
    func overwriting(rule: FitRequest.Overwriting, modified: Int, isReplaced: Bool) async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        try age("in/a.jpg", seconds: 1_500)
        try runs.folder.write([7], to: "out/a.jpg")
        try age("out/a.jpg", seconds: modified)
        let outcome = try await run { $0.overwriting = rule }
        #expect(try runs.folder.bytes(of: "out/a.jpg") == (isReplaced ? [1, 9] : [7]))
        #expect(outcome.report.count(.fitted) == (isReplaced ? 1 : 0))
        if !isReplaced {
            #expect(outcome.report.skipReasons == [.outputExists: 1] && calls.value == 0)
            #expect(outcome.records["in/a.jpg"]?.output == runs.path("out/a.jpg"))
        }
    }

    @Test("A link that has an output's name counts as itself, and what it points at is never written through")
    func links() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        try runs.folder.write([7], to: "precious")
        try runs.folder.write([7], to: "out/x")
        try runs.folder.makeLink("out/a.jpg", to: "../precious")
        #expect(try await run().report.skipReasons == [.outputExists: 1])
        #expect(try await run { $0.overwriting = .always }.report.count(.fitted) == 1)
        #expect(try runs.folder.bytes(of: "precious") == [7])
        #expect(try FileIdentity(of: runs.path("out/a.jpg"), followsLinks: false).kind == .file)
    }

    @Test("Inputs of one name from any number of folders and runs each keep an output of their own", arguments: 0..<6)
    func manyFolders(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let inputs = (0..<6).map { "d\($0)/IMG.\(["jpg", "png", "JPG"][Int($0) % 3])" }
        for (number, name) in inputs.enumerated() { try runs.folder.write([UInt8(number + 1)], to: name) }
        for _ in 0..<8 {
            let chosen = inputs.shuffled(using: &random).prefix(Int.random(in: 1...6, using: &random))
            let outcome = try await run(Array(chosen))
            #expect(outcome.report.count(.failed) == 0 && outcome.report.skipReasons[.outputExists] == nil)
            for name in chosen {
                let bytes = try runs.output(try #require(outcome.records[name]))
                #expect(bytes?.first == UInt8((inputs.firstIndex(of: name) ?? 0) + 1), "\(name)")
            }
        }
        _ = try await run(inputs)
        #expect(runs.outputs().count == 6)
        #expect(try await run(inputs).report.skipReasons == [.done: 6])
    }

    @Test("An input that comes out in another format leaves its old output, which its old options find done")
    func otherFormat() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        _ = try await run()
        #expect(try await run { $0.policy.format = .png }.report.count(.fitted) == 1)
        #expect(runs.outputs().contains("a.png"))
        #expect(try await run { $0.policy.format = .png }.report.skipReasons == [.done: 1])
        #expect(try await run().report.skipReasons == [.done: 1])
        // A file that both made is replaced by neither as a stranger's.
        try runs.folder.write([2, 3], to: "in/a.jpg")
        #expect(try await run().report.count(.fitted) == 1)
        #expect(try await run { $0.policy.format = .png }.report.count(.fitted) == 1)
    }

    @Test("Relative and absolute names of an input are one input")
    func relativeNames() async throws {
        try runs.folder.write([1], to: "in/a.jpg")
        _ = try await run(["in/a.jpg"])
        let dotted = try await run(["in/./../in/a.jpg"])
        #expect(dotted.report.skipReasons == [.done: 1])
        #expect(runs.outputs() == ["a.jpg"])
    }
}
