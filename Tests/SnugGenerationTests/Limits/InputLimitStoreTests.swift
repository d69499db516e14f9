// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct InputLimitStoreTests {
    private let model = ModelLocation(origin: "o", model: "m")

    private func check(_ make: () -> any InputLimitStore) async throws {
        #expect(try await make().limits(of: model) == nil)
        try await make().record(ObservedInputLimits(byteLimit: 700, observedAt: 1), of: model)
        try await make().record(ObservedInputLimits(maximumSide: 64, observedAt: 2), of: model)
        let both = ObservedInputLimits(byteLimit: 700, maximumSide: 64, observedAt: 2)
        #expect(try await make().limits(of: model) == both)
        #expect(try await make().limits(of: ModelLocation(origin: "o", model: nil)) == nil)
        #expect(try await make().limits(of: ModelLocation(origin: "p", model: "m")) == nil)
    }

    @Test("Observations are merged, in memory")
    func inMemory() async throws {
        let store = InMemoryInputLimits()
        try await check { store }
    }

    @Test("Observations are merged, and known to the next process")
    func files() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("state")
        try await check { FileInputLimits(path) }
    }

    @Test("An observation holds for a month")
    func lifetime() {
        let observed = ObservedInputLimits(byteLimit: 1, observedAt: 86_400)
        #expect(observed.isValid(now: 30 * 86_400) && !observed.isValid(now: 40 * 86_400))
    }

    @Test("Limits are narrowed, never widened")
    func narrowing() {
        let base = InputLimits(byteLimit: 1000)
        #expect(base.narrowed(byteLimit: 700, maximumSide: 64).byteLimit == 700)
        #expect(base.narrowed(byteLimit: 700, maximumSide: 64).maximumSide == 64)
        #expect(base.narrowed(byteLimit: 2000, maximumSide: nil).byteLimit == 1000)
    }

    @Test("Two processes that observe different models keep both")
    func merged() async throws {
        let folder = try TemporaryFolder()
        let (one, two) = (FileInputLimits(folder.path), FileInputLimits(folder.path))
        let (a, b) = (ModelLocation(origin: "a", model: nil), ModelLocation(origin: "b", model: nil))
        _ = try await one.limits(of: a)
        try await two.record(ObservedInputLimits(byteLimit: 10, observedAt: 1), of: b)
        try await one.record(ObservedInputLimits(byteLimit: 20, observedAt: 1), of: a)
        let three = FileInputLimits(folder.path)
        #expect(try await three.limits(of: a)?.byteLimit == 20)
        #expect(try await three.limits(of: b)?.byteLimit == 10)
    }

    @Test("A damaged file is replaced")
    func damaged() async throws {
        let folder = try TemporaryFolder()
        try folder.write(Array("nonsense".utf8), to: "generation-limits.json")
        let store = FileInputLimits(folder.path)
        try await store.record(ObservedInputLimits(byteLimit: 5, observedAt: 1), of: model)
        #expect(try await FileInputLimits(folder.path).limits(of: model)?.byteLimit == 5)
    }

    @Test("An observation that cannot be written is an error")
    func unwritable() async throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        let store = FileInputLimits(folder.path.appending("file"))
        await #expect(throws: GenerationError.self) {
            try await store.record(ObservedInputLimits(byteLimit: 5, observedAt: 1), of: model)
        }
    }
}
