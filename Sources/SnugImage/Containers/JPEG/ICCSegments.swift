// SPDX-License-Identifier: Apache-2.0

/// An ICC profile in JPEG segments of at most 64 KiB, numbered from 1 (ICC.1 annex B.4).
struct ICCSegments {
    private var pieces: [Int: Range<Int>] = [:]
    private var announced = 0
    private var fault: String?

    /// Adds an APP2 segment.
    /// - Parameter start: The first 14 bytes of its payload.
    mutating func add(_ segment: JPEGSegment, start: ByteView) {
        guard let number = start.u8(at: 12), let total = start.u8(at: 13) else { return }
        if announced == 0 { announced = total }
        if total != announced {
            fault = "its pieces disagree about how many there are (\(announced) and \(total))"
        } else if number == 0 || number > total {
            fault = "piece \(number) of \(total) does not exist"
        } else if pieces[number] != nil {
            fault = "piece \(number) is there twice"
        } else {
            pieces[number] = segment.payload.dropFirst(14)
        }
    }

    /// True once a piece was added.
    var isPresent: Bool { announced > 0 || fault != nil }

    /// The fault of the pieces; `nil` when they form a profile.
    var problem: String? {
        if let fault { return fault }
        guard let missing = (1...max(announced, 1)).first(where: { pieces[$0] == nil }) else { return nil }
        return "piece \(missing) of \(announced) is missing"
    }

    /// Bytes of the whole profile.
    var byteCount: Int { pieces.values.reduce(0) { $0 + $1.count } }

    /// The profile, `nil` when pieces are missing or it is larger than `limit`.
    func assemble(from reader: inout SourceReader, limit: Int) throws(ImageError) -> [UInt8]? {
        guard isPresent, problem == nil, byteCount <= limit else { return nil }
        var profile: [UInt8] = []
        profile.reserveCapacity(byteCount)
        for number in 1...max(announced, 1) {
            guard let piece = pieces[number] else { return nil }
            profile += try reader.view(at: piece.lowerBound, count: piece.count).bytes
        }
        return profile
    }
}
