// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// SHA-256, as it is compared and printed here.
enum Digest {
    static func hexadecimal(_ bytes: [UInt8]) -> String { MessageDigest.sha256(bytes).hexadecimal }
}
