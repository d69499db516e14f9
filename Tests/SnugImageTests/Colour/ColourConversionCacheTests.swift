// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import SnugImage

@Suite struct ColourConversionCacheTests {
    /// What was built, in order.
    private final class Log: Sendable {
        private let names = Mutex<[UInt8]>([])
        func append(_ name: UInt8) { names.withLock { $0.append(name) } }
        var all: [UInt8] { names.withLock { $0 } }
    }

    private static let rgb = SampleLayout(.rgb)
    private static let made = ColourConversionCache.Made(conversion: .assumed(for: rgb), warnings: ["made"])

    @Test("Threads that ask for the same profile at once build it once")
    func buildsOnce() async {
        let cache = ColourConversionCache()
        let builds = Log()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let profile: [UInt8] = [UInt8(index % 4), 1, 2, 3]
                    let made = cache.conversion(from: .profile(profile), layout: Self.rgb) {
                        builds.append(profile[0])
                        return Self.made
                    }
                    #expect(made.warnings == ["made"])
                }
            }
        }
        #expect(builds.all.sorted() == [0, 1, 2, 3])
    }

    @Test("Threads share one transform and get equal pixels")
    func sharesTransforms() async throws {
        let cache = ColourConversionCache()
        let profile = try ColourFixtures.profile("p3")
        let pixels = try ColourFixtures.pixels("p3")
        await withTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<32 {
                group.addTask {
                    let made = ColourConversion.make(
                        profile: profile, declaration: .undeclared, source: Self.rgb, cache: cache)
                    return made.conversion.converted(Array(repeatElement(pixels.source, count: 50).joined()))
                }
            }
            let expected = ColourConversion.make(profile: profile, source: Self.rgb).conversion
                .converted(Array(repeatElement(pixels.source, count: 50).joined()))
            for await converted in group { #expect(converted == expected) }
        }
        #expect(cache.count == 1)
    }

    @Test("The least recently used conversion makes room")
    func evicts() {
        let cache = ColourConversionCache(capacity: 2)
        let builds = Log()
        for name: UInt8 in [1, 2, 1, 3, 1, 2] {
            _ = cache.conversion(from: .profile([name]), layout: Self.rgb) {
                builds.append(name)
                return Self.made
            }
        }
        #expect(builds.all == [1, 2, 3, 2])
        #expect(cache.count == 2)
    }

    @Test("Large profiles make room for each other, and one alone is kept whatever its size")
    func evictsByBytes() {
        let cache = ColourConversionCache(capacity: 16, maximumByteCount: 100)
        for (byteCount, held) in [(40, 1), (50, 2), (30, 2), (300, 1), (1, 1)] {
            let profile = [UInt8](repeating: 0, count: byteCount)
            _ = cache.conversion(from: .profile(profile), layout: Self.rgb) { Self.made }
            #expect(cache.count == held)
        }
    }

    @Test("Another layout is another conversion")
    func layouts() throws {
        let cache = ColourConversionCache()
        let profile = try ColourFixtures.profile("p3")
        for layout in [Self.rgb, SampleLayout(.rgb, hasAlpha: true), SampleLayout(.rgb, isSixteenBit: true)] {
            let made = ColourConversion.make(profile: profile, declaration: .undeclared, source: layout, cache: cache)
            #expect(made.conversion.layout == layout)
        }
        #expect(cache.count == 3)
    }

    @Test("A failure is remembered with its warning")
    func failures() throws {
        let cache = ColourConversionCache()
        var profile = try ColourFixtures.profile("p3")
        profile.replaceSubrange(156..<160, with: Array("zzzz".utf8))
        let warnings = (0..<2).map { _ in
            ColourConversion.make(profile: profile, declaration: .undeclared, source: Self.rgb, cache: cache).warnings
        }
        #expect(warnings[0].count == 1)
        #expect(warnings[0] == warnings[1])
        #expect(cache.count == 1)
    }
}
