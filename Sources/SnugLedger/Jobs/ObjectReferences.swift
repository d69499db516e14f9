// SPDX-License-Identifier: Apache-2.0

/// Finds the objects of a storage that a payload refers to.
enum ObjectReferences {
    /// Every SHA-256 in hexadecimal within a text.
    ///
    /// The ledger does not know what a payload means. So it takes each for a reference: one too many keeps an object, and one
    /// too few would lose it.
    static func digests(in payload: String) -> Set<String> {
        var found: Set<String> = []
        var run: [UInt8] = []
        func end() {
            if run.count == 64, run.allSatisfy(isHexadecimal) { found.insert(String(decoding: run, as: UTF8.self)) }
            run.removeAll(keepingCapacity: true)
        }
        for byte in payload.utf8 {
            if isAlphanumeric(byte) {
                // Longer words are no digests, and need not be kept.
                if run.count <= 64 { run.append(byte) }
            } else {
                end()
            }
        }
        end()
        return found
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isHexadecimal(byte) || (UInt8(ascii: "g")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
