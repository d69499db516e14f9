// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct SourceReaderTests {
    private static let content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) }

    @Test(
        "Reads at random offsets are the source's bytes, whatever the window", arguments: [1, 16, 17, 100, 4096, 9000])
    func random(windowSize: Int) throws {
        var random = SeededGenerator(seed: UInt64(windowSize))
        var reader = SourceReader(ImageSource(bytes: Self.content), windowSize: windowSize)
        for _ in 0..<300 {
            let offset = Int.random(in: 0..<5200, using: &random)
            let count = Int.random(in: 0...300, using: &random)
            let expected = offset < 5000 ? Array(Self.content[offset..<min(offset + count, 5000)]) : []
            #expect(try reader.view(at: offset, count: count).bytes == expected)
            #expect(try reader.byte(at: offset) == (offset < 5000 ? Self.content[offset] : nil))
        }
    }

    @Test("The next 0xFF is found across windows", arguments: [16, 64, 4096])
    func nextFF(windowSize: Int) throws {
        var bytes = [UInt8](repeating: 1, count: 3000)
        for place in [0, 15, 16, 700, 2999] { bytes[place] = 0xFF }
        var reader = SourceReader(ImageSource(bytes: bytes), windowSize: windowSize)
        var found: [Int] = []
        var position = 0
        while let next = try reader.nextFF(from: position) {
            found.append(next)
            position = next + 1
        }
        #expect(found == [0, 15, 16, 700, 2999])
    }

    @Test("A checksum over any stretch is that of its bytes", arguments: [(0, 5000), (0, 0), (17, 18), (100, 4999)])
    func checksum(start: Int, end: Int) throws {
        var reader = SourceReader(ImageSource(bytes: Self.content), windowSize: 64)
        var crc = CRC32()
        #expect(try reader.checksum(start..<end, into: &crc))
        #expect(crc.value == CRC32.checksum(Array(Self.content[start..<end])))
        #expect(try !reader.checksum(4000..<6000, into: &crc))
    }

    @Test("A loaded stretch lies in the window and is never empty inside the source")
    func load() throws {
        var reader = SourceReader(ImageSource(bytes: Self.content), windowSize: 256)
        var position = 0
        while position < 5000 {
            let range = try reader.load(position..<5000)
            #expect(!range.isEmpty && range.count <= 256)
            #expect(Array(reader.window[range]) == Array(Self.content[position..<position + range.count]))
            position += max(range.count, 1)
        }
        #expect(try reader.load(5000..<5100).isEmpty)
    }
}
