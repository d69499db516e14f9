// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A name for a temporary file that tells its process, so that others know when nobody will finish the file.
package struct TemporaryName {
    /// The place where the numbers of processes mean what they mean here: a start of the machine, and a set of processes.
    private let place: String
    private let process: Int32

    private static let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    private static let (placeLength, processLength, randomLength) = (4, 5, 7)
    static let length = placeLength + processLength + randomLength

    /// The names of a process; by default of this one.
    package init(place: String = Self.here, process: Int32 = getpid()) {
        self.place = place
        self.process = process
    }

    /// The process that a name of ``length`` letters tells.
    init(_ name: some Collection<UInt8>) {
        let text = String(decoding: name, as: UTF8.self)
        place = String(text.prefix(Self.placeLength))
        process = text.dropFirst(Self.placeLength).prefix(Self.processLength).reduce(0) { number, letter in
            number &* Int32(Self.letters.count) &+ Int32(Self.letters.firstIndex(of: letter) ?? 0)
        }
    }

    /// A name that nobody else is likely to have.
    package func random() -> String {
        place + Self.text(UInt64(process.magnitude), Self.processLength)
            + String((0..<Self.randomLength).map { _ in Self.letters[Int.random(in: Self.letters.indices)] })
    }

    /// True when the process is of this place and has ended.
    var isOrphaned: Bool { place == Self.here && process > 0 && kill(process, 0) != 0 && errno == ESRCH }

    /// The letters of this place.
    package static let here: String = {
        let file = try? FileDescriptor.opening("/proc/sys/kernel/random/boot_id", .readOnly)
        defer { file?.closeIgnoringErrors() }
        let start = (try? file?.readBytes(maximum: 64)) ?? []
        let processes = (try? FileIdentity(of: "/proc/self/ns/pid", followsLinks: true)).map { "\($0.inode)" } ?? ""
        // FNV-1a: which letters they are does not matter.
        let hash = (start + Array(processes.utf8)).reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return text(hash, placeLength)
    }()

    /// The last digits of a number.
    private static func text(_ number: UInt64, _ length: Int) -> String {
        var rest = number
        var digits: [Character] = []
        for _ in 0..<length {
            digits.append(letters[Int(rest % UInt64(letters.count))])
            rest /= UInt64(letters.count)
        }
        return String(digits.reversed())
    }
}
