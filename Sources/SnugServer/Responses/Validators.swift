// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import SnugSystem

/// The validators of a file, by which clients tell whether they have it already (RFC 9110 §8.8).
struct Validators: Sendable, Hashable {
    /// The entity tag, in its quotes. A strong one: no change of the content leaves it as it was.
    let tag: String
    /// Seconds since 1970 at the last change of the content.
    let modified: Int

    init(tag: String, modified: Int) {
        self.tag = tag
        self.modified = modified
    }

    init(_ file: FileIdentity) {
        // A digest, because the file system's numbers are nobody's business.
        let text = "\(file.device) \(file.inode) \(file.byteCount) \(file.modified) \(file.changed)"
        let digest = Array(MessageDigest.sha256(Data(text.utf8)).prefix(12)).hexadecimal
        self.init(tag: "\"\(digest)\"", modified: Int(file.modified / 1_000_000_000))
    }

    /// The fields that a response has whether or not the file comes with it.
    ///
    /// Caches of one user may keep the file, and ask each time whether it is still the result.
    var fields: HTTPFields {
        [.eTag: tag, .lastModified: DateText.of(seconds: modified), .cacheControl: "private, no-cache"]
    }
}
