// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugServer

@Suite struct ResultStoreTests {
    private let start = ContinuousClock.now

    @Test("The oldest is given up first when bytes run out, and a value larger than the store is refused")
    func bytes() throws {
        let store = ResultStore<Int>(maximumBytes: 100, maximumAge: .seconds(60))
        let keys = try (0..<3).map { try #require(store.put($0, bytes: 40, now: start)) }
        #expect(keys.map { store.get($0, now: start) } == [nil, 1, 2])
        #expect(store.usedBytes == 80)
        #expect(store.put(9, bytes: 101, now: start) == nil)
        #expect(keys.map { store.get($0, now: start) } == [nil, 1, 2])
        let last = try #require(store.put(3, bytes: 100, now: start))
        #expect(store.get(last, now: start) == 3)
        #expect(store.usedBytes == 100)
    }

    @Test("A value that is too old is gone, its bytes are free at its time, and the next time is told")
    func age() throws {
        let store = ResultStore<Int>(maximumBytes: 100, maximumAge: .seconds(60))
        #expect(store.removeExpired(now: start) == .seconds(60), "what comes now has so much time")
        let first = try #require(store.put(1, bytes: 60, now: start))
        let second = try #require(store.put(2, bytes: 10, now: start + .seconds(20)))
        #expect(store.removeExpired(now: start + .seconds(45)) == .seconds(15))
        #expect(store.get(first, now: start + .seconds(60)) == 1)
        #expect(store.removeExpired(now: start + .seconds(60)) == .zero)
        #expect(store.usedBytes == 70)
        #expect(store.get(first, now: start + .seconds(61)) == nil)
        #expect(store.removeExpired(now: start + .seconds(61)) == .seconds(19))
        #expect(store.usedBytes == 10)
        #expect(store.get(second, now: start + .seconds(61)) == 2)
        #expect(store.removeExpired(now: start + .seconds(1000)) == .seconds(60))
        #expect(store.usedBytes == 0)
    }

    @Test("Whatever is put in and in whichever order time passes, bytes are those of the values that are held")
    func accounts() throws {
        var random = SeededGenerator(seed: 7)
        let store = ResultStore<Int>(maximumBytes: 1000, maximumAge: .seconds(60))
        var model: [(key: String, bytes: Int, end: Int)] = []
        var seconds = 0
        for _ in 0..<500 {
            seconds += Int.random(in: 0...20, using: &random)
            let now = start + .seconds(seconds)
            if Bool.random(using: &random) {
                let bytes = Int.random(in: 0...1100, using: &random)
                let key = store.put(seconds, bytes: bytes, now: now)
                #expect((key == nil) == (bytes > 1000))
                guard let key else { continue }
                while model.reduce(bytes, { $0 + $1.bytes }) > 1000 { model.removeFirst() }
                model.append((key, bytes, seconds + 60))
            } else {
                let wait = store.removeExpired(now: now)
                model.removeAll { $0.end < seconds }
                #expect(wait == .seconds(model.first.map { $0.end - seconds } ?? 60))
            }
            #expect(store.usedBytes == model.reduce(0) { $0 + $1.bytes })
            for entry in model { #expect((store.get(entry.key, now: now) != nil) == (entry.end >= seconds)) }
        }
    }

    @Test("House is kept without another request, and ends with its task")
    func house() async throws {
        let store = ResultStore<Int>(maximumBytes: 100, maximumAge: .milliseconds(3))
        let house = Task { await store.keepHouse() }
        for value in 0..<3 {
            _ = store.put(value, bytes: 40)
            while store.usedBytes > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        house.cancel()
        await house.value
    }

    @Test("Keys are long, of hexadecimal digits, and never the same")
    func keys() {
        let store = ResultStore<Int>(maximumBytes: .max, maximumAge: .seconds(60))
        let keys = Set((0..<1000).compactMap { store.put($0, bytes: 1) })
        #expect(keys.count == 1000)
        #expect(keys.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
        #expect(store.get("") == nil)
    }
}
