// SPDX-License-Identifier: Apache-2.0
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

    @Test("A value that is too old is gone, and its bytes are free with the next one")
    func age() throws {
        let store = ResultStore<Int>(maximumBytes: 100, maximumAge: .seconds(60))
        let key = try #require(store.put(1, bytes: 60, now: start))
        #expect(store.get(key, now: start + .seconds(60)) == 1)
        #expect(store.get(key, now: start + .seconds(61)) == nil)
        _ = store.put(2, bytes: 10, now: start + .seconds(61))
        #expect(store.usedBytes == 10)
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
