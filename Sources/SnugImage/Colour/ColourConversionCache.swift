// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The conversions that were used last, so that a folder of images by one camera builds its transform once.
///
/// Safe to use from any thread. Two locks keep it so: the cache's own is held only to find or add an entry; an entry's
/// is held while its conversion is built, so that of several threads that ask for the same new profile one builds and
/// the rest wait for it, while other profiles are built at the same time. An entry's lock is never held when the cache's
/// is taken.
final class ColourConversionCache: Sendable {
    /// The source of a conversion.
    enum Source: Sendable, Equatable {
        case profile([UInt8])
        case primaries(exponent: Double, Chromaticities)
    }

    /// A cached conversion; a failure is cached as an identity with its warnings.
    struct Made: Sendable {
        let conversion: ColourConversion
        let warnings: [String]
    }

    private final class Entry: Sendable {
        let source: Source
        let digest: Int
        let layout: SampleLayout
        let byteCount: Int
        let made = Mutex<Made?>(nil)

        init(source: Source, digest: Int, layout: SampleLayout) {
            self.source = source
            self.digest = digest
            self.layout = layout
            byteCount = if case .profile(let bytes) = source { bytes.count } else { 0 }
        }

        func matches(_ source: Source, _ digest: Int, _ layout: SampleLayout) -> Bool {
            self.digest == digest && self.layout == layout && self.source == source
        }
    }

    private let capacity: Int
    private let maximumByteCount: Int
    /// Least recently used first.
    private let entries = Mutex<[Entry]>([])

    /// Makes a cache of at most `capacity` conversions whose profiles take at most `maximumByteCount` bytes together.
    ///
    /// Default 16 and 4 MiB. The transforms themselves take from 64 KiB (gray) to 2 MB (CMYK) each. The conversion used
    /// last is kept in any case.
    init(capacity: Int = 16, maximumByteCount: Int = 4 << 20) {
        precondition(capacity > 0)
        self.capacity = capacity
        self.maximumByteCount = maximumByteCount
    }

    /// The conversion for a source, built now when it is not known yet.
    func conversion(from source: Source, layout: SampleLayout, build: () -> Made) -> Made {
        let entry = entry(for: source, layout: layout)
        return entry.made.withLock { made in
            if let made { return made }
            let new = build()
            made = new
            return new
        }
    }

    private func entry(for source: Source, layout: SampleLayout) -> Entry {
        let digest = Self.digest(of: source)
        return entries.withLock { entries in
            let entry: Entry
            if let index = entries.firstIndex(where: { $0.matches(source, digest, layout) }) {
                entry = entries.remove(at: index)
            } else {
                entry = Entry(source: source, digest: digest, layout: layout)
            }
            entries.append(entry)
            while entries.count > 1, entries.count > capacity || byteCount(of: entries) > maximumByteCount {
                entries.removeFirst()
            }
            return entry
        }
    }

    private func byteCount(of entries: [Entry]) -> Int { entries.reduce(0) { $0 + $1.byteCount } }

    /// Spares comparing whole profiles in nearly every case. Swift's hash has another seed in each process, so nobody can
    /// prepare profiles that collide; those that did would only be compared in full.
    private static func digest(of source: Source) -> Int {
        var hasher = Hasher()
        switch source {
        case .profile(let bytes):
            hasher.combine(bytes.count)
            unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        case .primaries(let exponent, let chromaticities):
            hasher.combine(exponent)
            hasher.combine(chromaticities)
        }
        return hasher.finalize()
    }

    /// Entries held at the moment, for tests of the bound.
    var count: Int { entries.withLock { $0.count } }
}
