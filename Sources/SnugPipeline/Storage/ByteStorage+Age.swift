// SPDX-License-Identifier: Apache-2.0

extension ByteStorage {
    /// The time since an object was stored, found in the list; `nil` when it is not there.
    package func age(of digest: String) async throws -> Duration? {
        let before = StoredObject.predecessor(of: digest)
        return try await objects(after: before).first { $0.digest == digest }?.age
    }
}

extension StoredObject {
    /// The digest just before another one; `nil` for the first.
    static func predecessor(of digest: String) -> String? {
        var bytes = Array(digest.utf8)
        var index = bytes.count
        while index > 0 {
            index -= 1
            switch bytes[index] {
            case UInt8(ascii: "0"):
                bytes[index] = UInt8(ascii: "f")
                continue
            case UInt8(ascii: "a"): bytes[index] = UInt8(ascii: "9")
            default: bytes[index] -= 1
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        return nil
    }
}
