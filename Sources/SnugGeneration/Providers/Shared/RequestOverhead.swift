// SPDX-License-Identifier: Apache-2.0

/// A safe estimate of the bytes of a request beside its images.
enum RequestOverhead {
    static func bytes(prompt: String, images: Int) -> Int {
        // Heads of parts are about 200 bytes each; names of files and further fields come on top.
        prompt.utf8.count + 8192 + 1024 * images
    }
}
