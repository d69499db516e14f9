// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite("Limits that were learnt")
struct LearntInputLimitsTests {
    private let day = 86_400

    @Test("Known to the next client, for this host and model, for a month")
    func kept() async throws {
        let directory = try TemporaryFolder()
        let threads = try FileThreads(count: 1)
        func limits() -> ObservedInputLimits {
            ObservedInputLimits(directory: directory.path.appending("state"), threads: threads, logger: quietLogger)
        }
        let base = InputLimits(byteLimit: 1000)
        func applied(_ origin: String, _ model: String?, _ now: Int) async -> InputLimits {
            await limits().apply(to: base, origin: origin, model: model, now: now)
        }
        let first = limits()
        await first.learn(byteLimit: 700, maximumSide: nil, origin: "o", model: "m", now: day)
        await first.learn(byteLimit: nil, maximumSide: 64, origin: "o", model: "m", now: day)
        #expect(await first.apply(to: base, origin: "o", model: "m", now: day).byteLimit == 700)
        #expect(await applied("o", "m", day).byteLimit == 700)
        #expect(await applied("o", "m", day).maximumSide == 64)
        #expect(await applied("o", nil, day).byteLimit == 1000)
        #expect(await applied("p", "m", day).byteLimit == 1000)
        #expect(await applied("o", "m", 40 * day).byteLimit == 1000)
    }

    @Test("Two who learn different things keep both")
    func merged() async throws {
        let directory = try TemporaryFolder()
        let threads = try FileThreads(count: 1)
        let (one, two) = (
            ObservedInputLimits(directory: directory.path, threads: threads, logger: quietLogger),
            ObservedInputLimits(directory: directory.path, threads: threads, logger: quietLogger)
        )
        let base = InputLimits(byteLimit: 1000)
        _ = await one.apply(to: base, origin: "a", model: nil, now: 1)
        await two.learn(byteLimit: 10, maximumSide: nil, origin: "b", model: nil, now: 1)
        await one.learn(byteLimit: 20, maximumSide: nil, origin: "a", model: nil, now: 1)
        let three = ObservedInputLimits(directory: directory.path, threads: threads, logger: quietLogger)
        #expect(await three.apply(to: base, origin: "a", model: nil, now: 1).byteLimit == 20)
        #expect(await three.apply(to: base, origin: "b", model: nil, now: 1).byteLimit == 10)
    }

    @Test("A damaged file, or none that can be written, is no trouble")
    func damaged() async throws {
        let directory = try TemporaryFolder()
        try directory.write(Array("nonsense".utf8), to: "generation-limits.json")
        let threads = try FileThreads(count: 1)
        let limits = ObservedInputLimits(directory: directory.path, threads: threads, logger: quietLogger)
        await limits.learn(byteLimit: 5, maximumSide: nil, origin: "o", model: nil, now: 1)
        #expect(await limits.apply(to: InputLimits(), origin: "o", model: nil, now: 1).byteLimit == 5)
        let nowhere = ObservedInputLimits(directory: "/proc/nowhere", threads: threads, logger: quietLogger)
        await nowhere.learn(byteLimit: 5, maximumSide: nil, origin: "o", model: nil, now: 1)
        #expect(await nowhere.apply(to: InputLimits(), origin: "o", model: nil, now: 1).byteLimit == 5)
    }
}
