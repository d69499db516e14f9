// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem

/// The parts of a file, and those that are at the server.
struct S3Parts: Sendable {
    static let smallest = 5 << 20
    static let most = 10_000

    let length: Int
    let size: Int
    private(set) var done: [Int: Done] = [:]

    /// A part that the server has.
    struct Done: Sendable, Hashable {
        var etag: String
        /// The MD5, if it was compared.
        var md5: [UInt8]?
        /// The CRC, if the upload has a checksum of the whole object.
        var crc64: UInt64?
        /// True when the `ETag` is another digest than the MD5, or none.
        var hasOpaqueETag = false
    }

    /// - Parameter wanted: The requested size; parts are larger if there would be too many.
    init(length: Int, wanted: Int) {
        self.length = length
        let needed = (length + 8_999) / 9_000
        let rounded = (needed + (1 << 20) - 1) / (1 << 20) * (1 << 20)
        size = max(Self.smallest, rounded, wanted)
    }

    /// Parts of a size that an earlier process chose.
    init(length: Int, size: Int) {
        self.length = length
        self.size = max(1, size)
    }

    var count: Int { max(1, (length + size - 1) / size) }

    /// Bytes of a part, numbered from 1.
    func range(_ number: Int) -> Range<Int> {
        let start = (number - 1) * size
        return start..<min(length, start + size)
    }

    var missing: [Int] { (1...count).filter { done[$0] == nil } }
    var bytesDone: Int { done.keys.reduce(0) { $0 + range($1).count } }

    mutating func finish(_ number: Int, _ part: Done) { done[number] = part }

    /// The body of the request that joins the parts.
    var completion: String {
        let parts = done.sorted { $0.key < $1.key }.map { number, part in
            let crc = part.crc64.map { "<ChecksumCRC64NVME>\(CRC64.text($0))</ChecksumCRC64NVME>" } ?? ""
            return
                "<Part><PartNumber>\(number)</PartNumber><ETag>\(S3ResponseBody.escaped(part.etag))</ETag>\(crc)</Part>"
        }
        return "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
    }

    /// The `ETag` of an object joined from parts with these MD5.
    static func wholeETag(_ md5: [[UInt8]]) -> String {
        "\(MessageDigest.md5(md5.flatMap(\.self)).hexadecimal)-\(md5.count)"
    }

    /// True when the `ETag` of the whole object says nothing about its content.
    var hasOpaqueETags: Bool { done.values.contains(where: \.hasOpaqueETag) }

    /// The `ETag` of the whole object, if the MD5 of all parts are known.
    var wholeETag: String? {
        let all = done.sorted { $0.key < $1.key }.compactMap(\.value.md5)
        return all.count == count ? Self.wholeETag(all) : nil
    }

    /// The checksum of the whole object, once all parts have theirs.
    var wholeCRC64: UInt64? {
        guard done.count == count else { return nil }
        var whole = CRC64().value
        for (number, part) in done.sorted(by: { $0.key < $1.key }) {
            guard let crc = part.crc64 else { return nil }
            whole = CRC64.joined(whole, crc, secondLength: range(number).count)
        }
        return whole
    }

    /// True for an `ETag` that is an MD5, which it is not with the customer's own encryption keys.
    static func isDigest(_ etag: String) -> Bool {
        let text = unquoted(etag)
        return text.utf8.count == 32 && text.allSatisfy(\.isHexDigit)
    }

    static func unquoted(_ etag: String) -> String { String(etag.filter { $0 != "\"" }) }
}
