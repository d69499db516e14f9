// SPDX-License-Identifier: Apache-2.0
import Crypto

/// SHA-256, as it is compared and printed here.
enum Digest {
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        hexadecimal(SHA256.hash(data: bytes))
    }

    static func hexadecimal(_ digest: SHA256.Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
